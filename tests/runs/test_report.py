import pytest

from geo_rewards.errors import DataError, UnknownNameError, UsageError
from geo_rewards.runs.report import Report


def test_texts_of_a_section_are_aligned_and_warnings_follow():
    report = Report()
    report.section("data", "8 rows")
    report.line("a rather long name", "x")
    report.line("table", "y")
    report.warn("be careful")
    lines = ["data                  8 rows", "  a rather long name  x", "  table               y"]
    assert report.text().splitlines() == [*lines, "", "warning: be careful"]


def test_the_same_error_is_kept_once_and_the_rest_is_still_checked():
    report = Report()
    for _ in range(2):
        with report.collecting("the data"):
            raise DataError("bad row")
    with report.collecting("the model"):
        raise ValueError("no such model\nand a long explanation")
    assert report.errors == ["bad row", "the model: no such model (GEO_REWARDS_DEBUG=1 shows the traceback)"]
    assert not report.is_usage


@pytest.mark.parametrize("error", [UsageError("bad flag"), UnknownNameError("recipe", "geor", ["geo-r"])])
def test_wrong_usage_is_remembered(error):
    report = Report()
    with report.collecting("the flags"):
        raise error
    assert report.is_usage


def test_an_unforeseen_error_is_raised_when_debugging(monkeypatch):
    monkeypatch.setenv("GEO_REWARDS_DEBUG", "1")
    with pytest.raises(ZeroDivisionError), Report().collecting("the model"):
        _ = 1 / 0
