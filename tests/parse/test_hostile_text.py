"""Hacks and junk: they earn nothing, raise nothing, and take no more than linear time."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo_rewards.parse import parse_answer, parse_completion, reading
from geo_rewards.parse.reading import read_answer
from geo_rewards.types import Coordinate

LONG = 100_000
PIECES = (
    "<think></think><answer>", "<answer>", "</answer>", "<think>", "</think>", "<answer></answer>",
    "<", "1", " ", "\n", "(", "[", "{", '{"a":', "}", ")", '"', "'", "\\", "\\boxed{", "*", "`", "$", "_",
    "1,", "1 ", "(1,1)", "(1.5, 2.5) ", "1.5, 2.5\n", "1.", ".1", "-", "+1", "°", "1°", "1°1'1\"N ",
    "N ", "N1", "1N", "lat ", "lat: ", "lat,lon:", "lat 1 lon 1 ", "country: ", "country: a ", "a, ",
    "http://", "@1,1 ", "geo:1,1", "POINT(", "POINT(1 1)", "+10.0+010.0", "１", "−", "“", "\u00a0", "\ud800",
    "1.5, 2.5 or ", "1,5;2,5 ", "1.5 and ",
    "—", "âˆ’", "&minus;", "&#8722;", "minus ", "(-) ", "\u00ad", "not ", "1 or ", "1 to 2 ", "1~",
    "lat 1 or ",
    "1 lat ", "lat (", "lat: 1 (S) ", "hemisphere: ", "Hemisphere: S ", "N/S: S ", "1N to ", "1' 1\" ",
    "1 1' ",
    "| ", "|a|1|\n", "|lat|lon|\n|-|-|\n|1|1|\n", "<a>", "<lat>1</lat>", "</td><td>", "<br>", "<a b='1'",
    "北纬1", "纬度：1，", "1° sur ", "с. ш. ", "1° Š", "或1", "{{coord|1|1}}", "{{coord|",
    "http://google.com/maps/@1,1 ",
    "https://yandex.ru/?ll=1,1 ", "!3d1!4d1", "http://google.com/maps/place/1'", "/*", "{/*", "{a: //",
    "{#", "# ",
    "Street: 1 N 1 E ", "note: 1.5, 2.5\n", "(1,111) ", "; a", "$a, b$", "This is ", "probably ", "is not ",
    "\ue000 1 ", "\ufffd1 ", "1 ± 1 ", "~1, ", "1 | ", "· 1 ", "§1 ", '{"lat_min": 1}', '{"ns": "S"}',
    "1e", "e1", "nan ", "'\"", '{"a": "', '{"lat": 1, "lon": 2}', "{“a”: 1}", "[[", "1;", "1/", "1:",
)  # fmt: skip


def cpu_seconds(read, text):
    started = time.process_time()
    read(text)
    return time.process_time() - started


def assert_linear(read, text_of, lengths):
    """Check that doubling the length doubles the time; quadratic time would be 16 times as long, cubic 64.

    The least of several measurements counts, and a few are made at most: other work on the machine only adds.
    """
    least = [float("inf")] * len(lengths)
    for _ in range(8):
        times = [cpu_seconds(read, text_of(length)) for length in lengths]
        least = list(map(min, least, times))
        if least[-1] <= 7 * least[0] + 0.001 and least[1] <= 3.5 * least[0] + 0.001:
            return
    raise AssertionError(f"{lengths} characters take {least} s")


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "template", ["{}", "<think>{}</think><answer>1.5, 2.5</answer>", "<think>x</think><answer>{}</answer>"]
)
def test_doubling_a_hostile_text_doubles_the_time(piece, template):
    def text_of(length):
        return template.replace("{}", piece * (length // len(piece)))

    assert_linear(parse_completion, text_of, [LONG // 4, LONG // 2, LONG])


@pytest.mark.parametrize("piece", PIECES)
def test_the_readers_are_linear_without_the_limit_on_length(piece, monkeypatch):
    monkeypatch.setattr(reading, "MAX_ANSWER_CHARACTERS", LONG)
    assert_linear(read_answer, lambda length: piece * (length // len(piece)), [5_000, 10_000, 20_000])


def test_deep_nesting_is_refused_in_linear_time():
    def nested(length):
        return '{"a": ' * (length // 8) + "1" + "}" * (length // 8)

    assert_linear(parse_completion, nested, [LONG // 4, LONG // 2, LONG])
    assert parse_completion(nested(80_000)).problems  # 10,000 levels


def test_a_hundred_thousand_hostile_characters_cost_no_more_each_than_ordinary_ones():
    thought = "The road signs, the palm trees and the roofs say so. " * 17
    usual = [f"<think>{thought}</think><answer>({at}.25, {at}.5)</answer>" for at in range(10)]
    texts = [piece * (LONG // len(piece)) for piece in PIECES]
    for _ in range(8):
        normal = min(sum(cpu_seconds(parse_completion, text) for text in usual) for _ in range(20))
        hostile = max(min(cpu_seconds(parse_completion, text) for _ in range(3)) for text in texts)
        if hostile / LONG <= normal / sum(map(len, usual)):
            return
    raise AssertionError(f"{hostile / LONG} s a character, usually {normal / sum(map(len, usual))}")


@pytest.mark.parametrize("tags", [65, 1000])
def test_a_text_with_many_tags_has_no_answer(tags):
    answer = parse_completion("<think></think>" * (tags // 2) + "<answer>48.85, 2.35</answer>")
    assert answer.answer is None
    assert answer.problems[0].startswith("several answers: ")


@pytest.mark.parametrize("junk", ["<answer>48.85, 2.35</answer>", "1", " ", "(48.85, 2.35)", "x"])
def test_a_hundred_thousand_characters_of_junk_give_no_coordinate_and_a_reason(junk: str) -> None:
    answer = parse_completion(junk * (LONG // len(junk)))
    assert answer.coordinate is None
    assert answer.problems


@pytest.mark.parametrize(
    "text",
    [
        "<think>48.85, 2.35</think><answer></answer>",
        "<think><answer>48.85, 2.35</answer></think><answer>unknown</answer>",
        "<think>(48.85, 2.35)</think><answer>Paris</answer>",
        "<think>x</think><answer>48.85, 2.35</answer><answer>48.85, 2.35</answer>",
        "<think>x</think><answer>1.5, 2.5<answer>48.85, 2.35</answer></answer>",
        "<think>x</think><answer>(1.5, 2.5), (48.85, 2.35)</answer>",
        "<think>x</think><answer>1.5, 2.5\n48.85, 2.35</answer>",
        "<think>x</think><answer>408.85, 2.35</answer>",
        "<think>x</think><answer>48.85, 362.35</answer>",
        "<think>x</think><answer>1.5 2.5 48.85 2.35</answer>",
        '<think>x</think><answer>{"lat": 1.5, "lat": 48.85, "lon": 2.35}</answer>',
        '<think>x</think><answer>{"lat": 1.5, "lon": 2.5, "a": {"lat": 48.85, "lon": 2.35}}</answer>',
    ],
)
def test_a_hack_gives_no_coordinate(text: str) -> None:
    assert parse_completion(text).coordinate is None


SCRAPS = st.sampled_from(
    [
        "N",
        "E 5",
        " South ",
        "Longitude, ",
        ",",
        ";",
        "/",
        "\n",
        *PIECES,
        "48.85",
        "2.35",
        "-33.8",
        ", ",
        " N",
        "W ",
        "Lat",
        "Country: ",
        "Paris",
        "</answer>",
        "\U0001f30d",
    ]
)


@given(st.one_of(st.text(st.characters(exclude_categories=())), st.lists(SCRAPS, max_size=30).map("".join)))
def test_no_text_raises(text: str) -> None:
    for answer in (parse_completion(text), parse_answer(text), parse_completion(f"<answer>{text}</answer>")):
        for problem in answer.problems:
            assert ": " in problem
            problem.encode()
        if answer.coordinate is not None:
            assert (answer.coordinate_text is None, answer.coordinate_form is None) == (False, False)


@given(st.lists(SCRAPS, max_size=12).map("".join))
def test_a_second_different_pair_never_leaves_a_coordinate(text: str) -> None:
    both = f"(48.85, 2.35)\n\n{text}\n\n(1.25, -2.25)"
    assert parse_answer(both).coordinate is None


latitudes = st.floats(-90, 90).map(lambda value: round(value, 7))
longitudes = st.floats(-180, 180).map(lambda value: round(value, 7))


@given(latitudes, longitudes)
def test_what_is_formatted_is_parsed_again(lat: float, lon: float) -> None:
    coordinate = Coordinate(lat, lon)
    plain = f"{lat:.7f}, {lon:.7f}"
    hemispheres = f"{abs(lat):.7f}° {'S' if lat < 0 else 'N'}, {abs(lon):.7f}° {'W' if lon < 0 else 'E'}"
    for text in (
        plain, f"({plain})", f"[{plain}].", f"Paris, France ({plain})", f"**{plain}**", hemispheres,
        f"Coordinates: {plain}", f"Lat: {lat:.7f}, Lon: {lon:.7f}", f'{{"lat": {lat:.7f}, "lon": {lon:.7f}}}',
        f"POINT({lon:.7f} {lat:.7f})", f"geo:{lat:.7f},{lon:.7f}",
        f"{lat:.7f}; {lon:.7f}".replace(".", ","),
    ):  # fmt: skip
        assert parse_answer(text).coordinate == coordinate, text
