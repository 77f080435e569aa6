"""Every way to write a coordinate listed in `answers.md`, each with its own small formatter.

What a formatter writes must be read as the very same coordinate: `parse(format(c)) == c`.
"""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_rewards.parse import parse_answer, parse_completion
from geo_rewards.types import Coordinate

# strategies

latitudes = st.floats(-90, 90).map(lambda value: round(value, 7))
longitudes = st.floats(-180, 180).map(lambda value: round(value, 7))
coordinates = st.builds(Coordinate, latitudes, longitudes)
sexagesimals = st.tuples(st.integers(0, 59), st.integers(0, 59))


def number(value):
    return f"{value:.7f}"


def plain(c, separator=", "):
    return f"{number(c.lat)}{separator}{number(c.lon)}"


def letters(c):
    return "S" if c.lat < 0 else "N", "W" if c.lon < 0 else "E"


def sizes(c):
    return number(abs(c.lat)), number(abs(c.lon))


LETTER_WORDS = {
    "N": {"north": "North", "norte": "norte", "shiroty": "北纬", "sh": "с. ш."},
    "S": {"north": "South", "norte": "sur", "shiroty": "南纬", "sh": "ю. ш."},
    "E": {"east": "East", "este": "este", "dolgoty": "东经", "dol": "в. д."},
    "W": {"east": "West", "este": "oeste", "dolgoty": "西经", "dol": "з. д."},
}


def lettered(template):
    """Fill `{a}` and `{o}` with numbers, `{n}` and `{e}` with letters, `{north}` and `{east}` with words."""

    def write(c):
        (a, o), (n, e) = sizes(c), letters(c)
        known = {"a": a, "o": o, "n": n, "e": e, **LETTER_WORDS[n], **LETTER_WORDS[e]}
        known |= {"minus_a": number(c.lat) if n == "S" else a, "minus_o": number(c.lon) if e == "W" else o}
        return re.sub(r"\{([a-z_]+)\}", lambda match: known[match[1]], template)

    return write


def filled(template):
    """Fill `{lat}` and `{lon}` with the signed numbers."""
    return lambda c: template.replace("{lat}", number(c.lat)).replace("{lon}", number(c.lon))


def characters(table, write):
    return lambda c: write(c).translate(str.maketrans(table))


FULL_WIDTH = {**{str(digit): chr(0xFF10 + digit) for digit in range(10)}, ",": "，", "-": "－", ".": "．"}
CHAIN = ("Country: Japan", "State: Hokkaido", "City: Biei Town", "Coordinates: ({lat}, {lon})")

FORMATS = {
    **{
        f"bare {separator!r}": filled("{lat}" + separator + "{lon}")
        for separator in (", ", ",", " ", ";", "; ", "/", " / ", "\n", ",\n")
    },
    **{
        f"wrapped {template!r}": filled(template)
        for template in (
            "({lat}, {lon})", "[{lat}, {lon}]", "( {lat} , {lon} )", "({lat} {lon})", "[({lat}, {lon})]",
            "{lat}, {lon}.", "({lat}, {lon}).", "'{lat}, {lon}'", "**{lat}, {lon}**", "**{lat}**, **{lon}**",
            "`{lat}, {lon}`", "$({lat}, {lon})$", "\\boxed{({lat}, {lon})}", "```\n{lat}, {lon}\n```",
            "{lat}°, {lon}°",
        )
    },
    **{
        f"inside {template!r}": filled(template)
        for template in (
            "Paris, France ({lat}, {lon})", "In 1999 it was ({lat}, {lon}), room 12.",
            "It is at {lat}, {lon}.",
            "Coordinates: {lat}, {lon} near 12 Rue X", "Coordinates (lat, lon): {lat}, {lon}",
            "Longitude, Latitude: {lon}, {lat}", "Paris\n{lat}, {lon}\nIn 1999.",
        )
    },
    **{
        f"object {template!r}": filled(template)
        for template in (
            '{"LOC": [{lat}, {lon}]}', '{"Coordinates": [{lat}, {lon}]}', "{'LOC': [{lat}, {lon}]}",
            '{"lat": {lat}, "lon": {lon}}', '{"longitude": {lon}, "latitude": {lat}}',
            '{"lat": "{lat}", "lng": "{lon}"}', '{"answer": {"lat": {lat}, "long": {lon}}}',
            '```json\n{"lat": {lat}, "lon": {lon}}\n```', '{"type": "Point", "coordinates": [{lon}, {lat}]}',
        )
    },
    **{
        f"labels {template!r}": filled(template)
        for template in (
            "Lat. {lat}, Long. {lon}", "Latitude: {lat}\nLongitude: {lon}", "lat={lat} lon={lon}",
            "Longitude: {lon}, Latitude: {lat}", "(Lat: {lat}, Lon: {lon})",
            "**Latitude:** {lat}° **Longitude:** {lon}°",
            "\n".join(CHAIN), " ".join(CHAIN), "\n".join(f"{at}. {part}" for at, part in enumerate(CHAIN, 1)),
        )
    },
    **{
        f"letters {template!r}": lettered(template)
        for template in (
            "{a}° {n}, {o}° {e}", "{a}{n}{o}{e}", "{n}{a} {e}{o}", "{n} {a}, {e} {o}", "{o} {e}, {a} {n}",
            "{a} {north}, {o} {east}", "{a} degrees {north} and {o} degrees {east}", "({a}° {n}, {o}° {e})",
            "At {a}° {n}, {o}° {e} in 1999", "Latitude: {a}° {n}, Longitude: {o}° {e}",
        )
    },
    **{
        f"reference {template!r}": filled(template)
        for template in (
            "geo:{lat},{lon}", "geo:{lat},{lon};u=35", "https://www.google.com/maps/@{lat},{lon},15z",
            "https://maps.google.com/?q={lat},{lon}", "POINT({lon} {lat})", "SRID=4326;POINT ({lon} {lat})",
        )
    },
    **{
        f"words {template!r}": lettered(template)
        for template in (
            "{a}° {n} latitude, {o}° {e} longitude", "{o} {e} longitude, {a} {n} latitude",
            "Latitude: {a} ({north}), Longitude: {o} ({east})", "Latitude: {a}°, {n}; Longitude: {o}°, {e}",
            "Latitude: {a} - {north}\nLongitude: {o} - {east}", "Latitude ({n}): {a}, Longitude ({e}): {o}",
            "Latitude: {a}\nHemisphere: {north}, {east}\nLongitude: {o}", "{n}{a}{e}{o}",
            "{a}° ({n}), {o}° ({e})",
            '{"lat": {a}, "lat_ref": "{n}", "lon": {o}, "lon_ref": "{e}"}', "{e}{o}{n}{a}",
            "- {a}° {n}, {o}° {e}",
            '{"latitude": {a}, "longitude": {o}, "hemisphere": "{n}{e}"}', "{a}°{n} · {o}°{e}",
            "{{coord|{a}|{n}|{o}|{e}|display=title}}", "≈{a}° {n}, ≈{o}° {e}",
            "${a}^\\circ$ {n}, ${o}^\\circ$ {e}",
            "| Latitude | {a}° {n} |\n| Longitude | {o}° {e} |", "{minus_a}° {n}, {minus_o}° {e}",
            "{a}° {norte}, {o}° {este}", "{shiroty} {a}度，{dolgoty} {o}度", "{a}° {sh}, {o}° {dol}",
        )
    },
    **{
        f"signed {template!r}": filled(template)
        for template in (
            "{lat} latitude, {lon} longitude", "{lon} lng / {lat} lat",
            "latitude ({lat}) and longitude ({lon})",
            "~{lat}, ~{lon}", "纬度：{lat}，经度：{lon}", "위도: {lat}, 경도: {lon}",
            "Широта: {lat}, Долгота: {lon}",
            "Latitud: {lat}, Longitud: {lon}", "Breitengrad: {lat}, Längengrad: {lon}", "坐标：{lat}, {lon}",
            "| Lat | Lon |\n|---|---|\n| {lat} | {lon} |", "| **Coordinates** | {lat}, {lon} |",
            "<lat>{lat}</lat><lon>{lon}</lon>", '<point lat="{lat}" lon="{lon}"/>',
            "Lat: {lat}<br>Lon: {lon}",
            '{"lat": {lat}, // about\n"lon": {lon}}', '{"纬度": {lat}, "经度": {lon}}',
            "{{coord|{lat}|{lon}}}",
            '{"decimalLatitude": {lat}, "decimalLongitude": {lon}}', "{lat}, {lon} is right",
            "https://yandex.ru/maps/?ll={lon},{lat}&z=12",
            "https://yandex.ru/maps/?pt={lon},{lat}&ll=1.5,2.5",
            "https://www.google.com/maps/place/X/@1.5,2.5,17z/data=!3m1!8m2!3d{lat}!4d{lon}",
            "https://www.google.com/maps/search/{lat},+{lon}",
            "https://www.google.com/maps/place/{lat},{lon}",
            "https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=5/1.5/2.5",
            "https://osm.org/#map=5/{lat}/{lon}",
            "https://www.bing.com/maps?cp={lat}~{lon}", "https://maps.apple.com/?ll={lat},{lon}",
            "https://www.google.com/maps/@?api=1&map_action=pano&viewpoint={lat},{lon}",
        )
    },
    "em dash": characters({"-": "—"}, plain),
    "superscript minus": characters({"-": "⁻"}, plain),
    "soft hyphen": characters({"-": "\u00ad"}, plain),
    "misread minus": lambda c: plain(c).replace("-", "âˆ’"),
    "minus entity": lambda c: plain(c).replace("-", "&minus;"),
    "the word negative": lambda c: plain(c).replace("-", "negative "),
    "rounded too": lambda c: f"{plain(c)} (about {c.lat:.2f}, {c.lon:.2f})",
    "ISO 6709": lambda c: f"{c.lat:+011.7f}{c.lon:+012.7f}/",
    "plus signs": lambda c: f"{c.lat:+.7f}, {c.lon:+.7f}",
    "decimal commas": lambda c: plain(c, "; ").replace(".", ","),
    "full-width": characters(FULL_WIDTH, plain),
    "Unicode minus": characters({"-": "−"}, plain),
    "no-break spaces": characters({" ": "\u00a0"}, plain),
}  # fmt: skip

SEXAGESIMALS = {
    "marks": "{d}°{m}'{s}\" {h}",
    "spaced marks": "{d}° {m}' {s}\" {h}",
    "primes": "{d}°{m}′{s}″{h}",
    "curly quotes": "{d}° {m}’ {s}” {h}",
    "letters": "{d}d {m}m {s}s {h}",
    "colons": "{d}:{m:02d}:{s:02d} {h}",
    "spaces": "{d} {m} {s} {h}",
    "letter first": "{h}{d}°{m}'{s}\"",
    "seconds without a mark": "{d}°{m}'{s}{h}",
    "degrees without a mark": "{d} {m}' {s}\" {h}",
    "degrees without a mark and letters": "{d} {m}m {s}s {h}",
    "entities": "{d}&deg;{m}&prime;{s}&Prime;{h}",
    "words": "{d} degrees {m} minutes {s} seconds {h}",
}


def exact(value):
    """Return the decimals without an exponent, which tiny numbers would get."""
    return float(number(value))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(coordinate=coordinates)
def test_what_a_formatter_writes_is_read_as_the_same_coordinate(name, coordinate):
    text = FORMATS[name](coordinate)
    answer = parse_answer(text)
    assert answer.coordinate == Coordinate(exact(coordinate.lat), exact(coordinate.lon)), text
    assert answer.problems == (), text


@pytest.mark.parametrize("name", SEXAGESIMALS)
@settings(max_examples=25)
@given(
    lat=st.integers(0, 89), lon=st.integers(0, 179), minutes=sexagesimals, seconds=sexagesimals,
    letters=st.sampled_from(["NE", "NW", "SE", "SW"]), separator=st.sampled_from([", ", " ", "; "]),
)  # fmt: skip
def test_degrees_minutes_and_seconds_are_read_in_every_notation(
    name, lat, lon, minutes, seconds, letters, separator
):
    parts = zip((lat, lon), minutes, seconds, letters, strict=True)
    halves = [SEXAGESIMALS[name].format(d=d, m=m, s=s, h=h) for d, m, s, h in parts]
    answer = parse_answer(separator.join(halves))
    signs = [-1 if letter in "SW" else 1 for letter in letters]
    degrees = [d + m / 60 + s / 3600 for d, m, s in zip((lat, lon), minutes, seconds, strict=True)]
    expected = [sign * value for sign, value in zip(signs, degrees, strict=True)]
    assert answer.coordinate is not None, halves
    assert list(answer.coordinate) == pytest.approx(expected, abs=1e-12)


@given(st.sampled_from(sorted(FORMATS)), coordinates)
def test_a_completion_reads_like_its_answer(name, coordinate):
    text = FORMATS[name](coordinate)
    alone, whole = (
        parse_answer(text),
        parse_completion(f"<think>Not (1, 2).</think>\n<answer> {text} </answer>"),
    )
    fields = ("coordinate", "country", "region", "city", "problems", "coordinate_form")
    assert [getattr(alone, field) for field in fields] == [getattr(whole, field) for field in fields]
    assert whole.well_formed


NUMBERS = st.sampled_from(["0", "7", "48.85", "2.35", "90", "180", "181", "59.5", "-2.35", "+3", "48,85"])
ENDS = st.sampled_from(
    ["", "N", " S", "E", " W", " North", " west", "°", "° N", "°30' E", "° 30' 15\" S", "°60'W", " degrees N"]
)
STARTS = st.sampled_from(["", "N", "E ", "Lat. ", "lon: ", "Longitude ", "latitude=", "West "])
BETWEEN = st.sampled_from([", ", ",", " ", "; ", "/", " and ", "", "\n", "."])
HALVES = st.tuples(STARTS, NUMBERS, ENDS).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(HALVES, BETWEEN, HALVES, st.sampled_from(["", "."])).map("".join))
def test_two_halves_are_read_as_the_full_parser_reads_them(read_by_both, text):
    read_by_both(text)


@given(st.text(max_size=60))
def test_a_refused_text_has_one_reason_and_a_read_one_has_none(text):
    answer = parse_answer(text)
    names = answer.country or answer.region or answer.city
    reasons = [problem for problem in answer.problems if not problem.startswith("several places")]
    assert len(reasons) <= 1
    assert bool(reasons) != bool(answer.coordinate) or names


@pytest.mark.parametrize("pair", [(1e-05, -2e-07), (48.8584, 2.2945), (0.0, -180.0), (-1e-300, 5e-324)])
def test_a_coordinate_writes_itself_without_exponents_which_are_refused(pair):
    text = str(Coordinate(*pair))
    assert "e" not in text
    assert tuple(map(float, text.split(", "))) == pair
    if len(text) < 40:  # numbers of more than 20 digits are refused too
        assert parse_answer(f"({text})").coordinate == Coordinate(*pair)
