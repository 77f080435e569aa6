"""Names and codes of countries."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo.countries import country_code, iso_codes
from geo_rewards.geo.country_forms import SHORT_FORMS

NAMES = {
    "GB": "Scotland; England; Wales; Northern Ireland; UK; U.K.; uk; Great Britain; United Kingdom; GBR",
    "US": "USA; U.S.A.; U.S.; us; United States of America; America; United States (USA); Estados Unidos",
    "CD": "Zaire; DRC; DR Congo; Congo-Kinshasa; Congo (Kinshasa); Democratic Republic of the Congo",
    "CG": "Congo; Republic of the Congo; Congo-Brazzaville",
    "KR": "S. Korea; South Korea; Korea, Republic of; Republic of Korea; ROK; 대한민국; 한국; Korea (South)",
    "KP": "N. Korea; North Korea; DPRK",
    "SA": "KSA; K.S.A.; Saudi Arabia; Kingdom of Saudi Arabia",
    "AE": "Emirates; UAE; U.A.E.; United Arab Emirates",
    "LK": "Ceylon; Sri Lanka",
    "LA": "Lao PDR; Laos",
    "CI": "Cote dIvoire; Côte d’Ivoire; Cote d'Ivoire; Ivory Coast",
    "HK": "HK; Hong Kong; Hong Kong SAR; Hong Kong, China; 香港",
    "MO": "Macau; Macao",
    "CN": "China; PRC; People's Republic of China; 中国",
    "TW": "Taiwan; 台灣",
    "XK": "Kosovo; XK; XKX",
    "FR": "France; FRANCE; france.; **France**; fra; Fr; France 🇫🇷; La France; République française",
    "DE": "Deutschland; Alemania; ドイツ; Germany",
    "NL": "Holland; The Netherlands; Netherlands (Holland)",
    "EG": "Egypt; مصر; EGY",
    "MS": "MSR; Montserrat",
    "TR": "Türkiye; Turkey; Turkiye",
    "MM": "Burma; Myanmar",
    "CZ": "Czechia; Czech Republic",
    "BO": "Bolivia (Plurinational State of); Bolivia",
    "LC": "St. Lucia; Saint Lucia",
    "GE": "Georgia",
    "LU": "Luxemburg; Luxembourg",
    "SG": "Singapore; Singapur",
    "MX": "México; Mexiko",
    "RU": "Россия; Russian Federation",
    "ES": "Kingdom of Spain; Spain; España",
}
NO_COUNTRY = [
    "", " ", "?", "France or Spain", "France, Spain", "France / Spain", "France and Spain",
    "France Spain", "US, UK", "Germny", "Franc", "xx", "ZZ", "EU", "Europe", "Johannesburg", "Tokyo",
    "Paris", "Texas", "New York", "japn", "grmny", "unknown", "N/A", "none", "country", "USSR", "Yugoslavia",
    "France (Spain)", "not France", "()", "poo", "y", "🇫",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"), [(n, code) for code, names in NAMES.items() for n in names.split("; ")]
)
def test_usual_names_and_codes_are_understood(name, code):
    assert country_code(name) == code


@pytest.mark.parametrize("text", NO_COUNTRY)
def test_what_is_not_exactly_one_country_is_none(text):
    assert country_code(text) is None


def test_every_iso_code_is_understood_in_either_case():
    codes = iso_codes()
    assert len({code for code in codes if len(code) == 2}) == 250
    for code, alpha2 in codes.items():
        assert country_code(code) == alpha2
        assert country_code(code.lower()) == alpha2


def test_every_short_form_leads_to_an_iso_code():
    assert set(SHORT_FORMS.values()) <= set(iso_codes())


@settings(deadline=None)  # the first call loads the names
@given(st.text(max_size=100))
def test_any_text_gives_a_code_or_none(text):
    assert country_code(text) in {None, *iso_codes().values()}


@settings(deadline=None)  # the first call loads the names
@given(st.sampled_from(sorted(NAMES)), st.sampled_from([" or ", ", ", "/", " ", " and ", "; ", "\n"]))
def test_two_countries_in_one_text_are_none(code, separator):
    other = "Japan" if code != "JP" else "Peru"
    assert country_code(NAMES[code].split("; ")[0] + separator + other) is None


def test_long_junk_costs_nothing():
    country_code("France")
    start = time.perf_counter()
    for i in range(100):
        assert country_code("France " * 15000 + str(i)) is None
    assert time.perf_counter() - start < 1.0
