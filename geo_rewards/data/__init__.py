"""Rows of training data: read, check and store them."""

from geo_rewards.data.messages import Block, Message, with_system_prompt
from geo_rewards.data.picture_check import check_pictures
from geo_rewards.data.problems import ProblemTally, RowProblem
from geo_rewards.data.rows import Row, read_rows
from geo_rewards.data.selection.mixture import Source, read_sources
from geo_rewards.data.selection.mixture_file import find_sources
from geo_rewards.data.selection.sampling import Sampling
from geo_rewards.data.selection.sources import content_hash, pair_paths
from geo_rewards.data.table.survey import Survey
from geo_rewards.data.truth_check import check_truths

__all__ = [
    "Block",
    "Message",
    "ProblemTally",
    "Row",
    "RowProblem",
    "Sampling",
    "Source",
    "Survey",
    "check_pictures",
    "check_truths",
    "content_hash",
    "find_sources",
    "pair_paths",
    "read_rows",
    "read_sources",
    "with_system_prompt",
]
