"""Completion text to `Answer`: tags, coordinates and places, linear in the length of the text.

To add a notation, go to the file that reads its kind; its words and forms are one table there.

================ =====================================================================================
`tags`           think and answer blocks; `chat` assembles them from a trainer's messages
`normalise`      equivalent characters (minus and degree signs, full-width), Markdown, LaTeX, entities
`mojibake`       the same characters, wrongly decoded: ``Â°``
`languages`      axis, hemisphere, sign and unit words of other languages
`labels`         what fields and keys are called: country, region, latitude, coordinates, street
`structured`     JSON and Python objects, with comments; `objects` reads their keys
`tables`         Markdown tables
`elements`       XML and HTML
`notations`      geo URIs, ISO 6709, WKT, Wikipedia templates
`maps`           links to map services
`angle_reader`   one number: signs, hemisphere letters, degrees-minutes-seconds
`axis_labels`    numbers before or after words for latitude and longitude
`hemispheres`    hemispheres given apart from the numbers: lines, keys, prose
`pairs`          two numbers: in brackets, labelled, with letters, alone (`chains`, `surroundings`, `loose`)
`rivals`         ranges and alternatives, which are not answers
`denials`        denials, which are not answers
`place_names`    names after labels and in lists; `lead_ins` lists the words before such a list
`degrees`        a single table cell
================ =====================================================================================

`reading` runs them all and judges what they found; `completion` has the two entry points. Before all that,
`common_answers` reads the commonest answers, using the patterns of `common_patterns`, with the same result.
"""

from geo_rewards.parse.completion import common_reading, parse_answer, parse_completion, reading_of
from geo_rewards.parse.degrees import degrees_of
from geo_rewards.types import ProblemKind

__all__ = [
    "ProblemKind",
    "common_reading",
    "degrees_of",
    "parse_answer",
    "parse_completion",
    "reading_of",
]
