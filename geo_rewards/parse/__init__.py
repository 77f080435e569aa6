"""Completion text to `Answer`: tags, coordinates and places, linear in the length of the text.

From text to answer: `tags` finds the answer block, `structured` and `objects` take JSON out of it,
`normalise` evens out the characters, `references` takes URLs, WKT and ISO 6709, `angles` and `pairs` read
the numbers, `places` the names, and `reading` judges what was found. `shortcuts` knows the commonest texts.
"""

from geo_rewards.parse.completion import parse_answer, parse_completion
from geo_rewards.parse.degrees import degrees_of
from geo_rewards.parse.shortcuts import plain_completions
from geo_rewards.types import ProblemKind

__all__ = ["ProblemKind", "degrees_of", "parse_answer", "parse_completion", "plain_completions"]
