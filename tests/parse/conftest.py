"""Everything parser tests read is also used to compare the common forms with the full parser."""

import math

import pytest

from geo_rewards.parse import completion
from geo_rewards.parse.common_answers import read_common
from geo_rewards.parse.reading import read_answer

TIMED = "test_hostile_text"


def compared(text, *, listed=True):
    """Return what `read_common` does, after checking that the full parser agrees."""
    common = read_common(text, listed=listed)
    if common is not None:
        full = read_answer(text, listed=listed)
        lat, lon, form, written, country, region, city = common
        assert (form, written) == (full.coordinate_form, full.coordinate_text), text
        assert (country, region, city) == (full.country, full.region, full.city), text
        assert full.problems == (), text
        if full.coordinate is None:
            assert math.isnan(lat), text
        else:
            assert (lat, lon) == tuple(full.coordinate), text
    return common


@pytest.fixture
def read_by_both():
    return compared


@pytest.fixture(autouse=True)
def _agreement_everywhere(request, monkeypatch):
    if not request.module.__name__.endswith(TIMED):
        monkeypatch.setattr(completion, "read_common", compared)
