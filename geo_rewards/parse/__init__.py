"""Completion text to `Answer`: tags, coordinates and places, linear in the length of the text.

From text to answer: `tags` finds the answer block, `structured` and `objects` take JSON out of it,
`normalise` evens out the characters, `references` takes URLs, WKT and ISO 6709, `angles` and `pairs` read
the numbers, `places` the names, and `reading` judges what was found. Before
all that, `common_answers` reads the commonest answers by the patterns of `common_patterns`.
"""

from geo_rewards.parse.completion import common_reading, parse_answer, parse_completion, reading_of
from geo_rewards.types import ProblemKind

__all__ = ["ProblemKind", "common_reading", "parse_answer", "parse_completion", "reading_of"]
