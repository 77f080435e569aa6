"""Names and codes of countries."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo.countries import country_code, iso_codes
from geo_rewards.geo.country_forms import SHORT_FORMS, TERRITORIES
from geo_rewards.geo.place_table import load_places
from geo_rewards.geo.tables import TABLES

NAMES = {
    "GB": "Scotland, UK; England (UK); United Kingdom (England); UK - Wales; Scotland; England; "
    "Wales; Northern Ireland; UK; U.K.; uk; Great Britain; United Kingdom; GBR",
    "US": "USA; U.S.A.; U.S.; us; United States of America; America; United States (USA); Estados Unidos",
    "CD": "Congo, Dem. Rep.; Dem. Rep. Congo; D.R. Congo; Congo, Democratic Republic of the; Zaire; "
    "DRC; DR Congo; Congo-Kinshasa; Congo (Kinshasa); Democratic Republic of the Congo",
    "CG": "Congo, Rep.; Rep Congo; Congo Republic; Congo, Republic of the; Congo; Republic of the "
    "Congo; Congo-Brazzaville",
    "KR": "Korea, Rep.; Korea; Republic of Korea (South Korea); South Korea / Republic of Korea; S. "
    "Korea; South Korea; Korea, Republic of; Republic of Korea; ROK; 대한민국; 한국; Korea (South)",
    "KP": "N. Korea; North Korea; DPRK; Korea, Dem. People's Rep.; Korea (DPR); Dem. Rep. Korea; "
    "Korea, North",
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
    "DE": "Germany / Deutschland; Germany (Deutschland); Deutschland or Germany; Federal Republic of "
    "Germany; Deutschland; Alemania; ドイツ; Germany",
    "NL": "Holland; The Netherlands; Netherlands (Holland)",
    "EG": "Egypt; مصر; EGY",
    "MS": "MSR; Montserrat",
    "TR": "Türkiye; Turkey; Turkiye",
    "MM": "Burma; Myanmar",
    "CZ": "Czechia; Czech Republic",
    "BO": "Bolivia (Plurinational State of); Bolivia",
    "LC": "St. Lucia; Saint Lucia",
    "GE": "Georgia; Republic of Georgia; Georgia (country)",
    "LU": "Luxemburg; Luxembourg",
    "SG": "Singapore; Singapur",
    "MX": "México; Mexiko",
    "RU": "Россия; Russian Federation",
    "ES": "Kingdom of Spain; Spain; España",
    "PR": "Puerto Rico, USA; Puerto Rico (US); Puerto Rico, United States of America",
    "GP": "Guadeloupe (France); France, Guadeloupe; Guadeloupe, France",
    "GF": "French Guyana; French Guiana; Guyane; Guyane française",
    "SX": "Saint Martin (Dutch); Sint Maarten (Dutch part); St. Maarten; Sint Maarten (Netherlands)",
    "MF": "St. Martin (French part); Saint Martin (France)",
    "VI": "Virgin Islands (U.S.); U.S. Virgin Is.; Virgin Islands, US",
    "VG": "British Virgin Is.; Virgin Islands (British)",
    "IR": "Iran (Islamic Republic of); Iran, Islamic Rep.; Islamic Rep. of Iran",
    "VE": "Venezuela (Bolivarian Republic of); Venezuela, RB",
    "FM": "Micronesia, Fed. Sts.; Micronesia (Federated States of)",
    "MK": "Macedonia, FYR; TFYR of Macedonia; Macedonia; North Macedonia",
    "TZ": "Tanzania, United Republic of; United Rep. of Tanzania",
    "BS": "Bahamas, The; The Bahamas",
    "GM": "Gambia, The; Gambia (the)",
    "SS": "S. Sudan; Sudan, South",
    "EH": "W. Sahara; Western Sahara",
    "SB": "Solomon Is.; Solomon Islands",
    "GQ": "Eq. Guinea; Equatorial Guinea",
    "CF": "Central African Rep.; Central African Republic",
    "DO": "Dominican Rep.",
    "PS": "West Bank and Gaza; Palestine; State of Palestine; Palestinian Territory, Occupied",
    "LY": "Libyan Arab Jamahiriya; State of Libya",
    "BQ": "Bonaire; Bonaire, Sint Eustatius and Saba; Caribbean Netherlands",
    "YE": "Yemen, Rep.; Republic of Yemen",
    "KG": "Kyrgyz Republic; Kyrgyz Rep.",
    "SK": "Slovak Republic; Slovak Rep.",
    "SZ": "Swaziland; eSwatini; Eswatini (Swaziland)",
    "TL": "East Timor; Timor-Leste; Timor, East",
    "GI": "Gibraltar (UK); UK (Gibraltar); Gibraltar, United Kingdom",
    "GG": "Guernsey (UK)",
    "GL": "Greenland (Denmark); Greenland, Denmark",
}
NO_COUNTRY = [
    "", " ", "?", "France or Spain", "France, Spain", "France / Spain", "France and Spain",
    "France Spain", "US, UK", "Germny", "Franc", "xx", "ZZ", "EU", "Europe", "Johannesburg", "Tokyo",
    "Paris", "Texas", "New York", "japn", "grmny", "unknown", "N/A", "none", "country", "USSR", "Yugoslavia",
    "Papua", "Guiana", "Crimea", "Northern Cyprus", "State of Georgia", "State of Mexico", "Mexico State",
    "Salvador", "Gold Coast", "Surrey", "Kent", "Cleveland", "Male", "Columbia", "Londres",
    "Republic of Texas", "Canada, United States", "Canada United States",
    "United States; United Arab Emirates",
    "Puerto Rico, Spain", "Gibraltar, Spain", "Guam, Puerto Rico, Japan", "Martinique (Italy)",
    "Germany / Austria", "Germany or Deutschland or France", "Republic", "Islamic Republic of", "Rep.", "the",
    "Congo, Korea", "Virgin Islands, France", "Palestine/Israel", "Russia (USSR)", "South", "United",
    "France (Spain)", "not France", "()", "poo", "y", "🇫",
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code"), [(n, code) for code, names in NAMES.items() for n in names.split("; ")]
)
def test_common_names_and_codes_are_understood(name, code):
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


COUNTRIES = (
    "France|Spain|United States|United Kingdom|China|Hong Kong|South Korea|Congo|Dominican Republic|Guinea|"
    "Central African Republic|United Arab Emirates|Georgia|Puerto Rico|Micronesia, Fed. Sts.|Samoa"
)
WITH_STATES = {("HK", "CN"), ("PR", "US")}


@pytest.mark.parametrize(
    "form",
    [
        "{} or {}",
        "{}, {}",
        "{} / {}",
        "{} - {}",
        "{} and {}",
        "{} {}",
        "{}; {}",
        "{} ({})",
        "{}: {}",
        "{} [{}]",
    ],
)
def test_two_countries_in_one_text_are_neither_of_them(form):
    for first in COUNTRIES.split("|"):
        for second in COUNTRIES.split("|"):
            codes = (country_code(first), country_code(second))
            if codes[0] != codes[1] and codes not in WITH_STATES and codes[::-1] not in WITH_STATES:
                assert country_code(form.format(first, second)) is None, form.format(first, second)


SHARED_NAMES = {
    # a country's name, in its own language or a large one, shared by a city in another country
    "Armenia", "Granada", "Guadalupe", "Franca", "Formosa", "Jamaica", "La Trinidad", "San Martin", "Bo",
}  # fmt: skip


def test_no_large_city_is_a_country_other_than_its_own():
    places = load_places()
    wrong = {}
    for row in np.flatnonzero(places.population >= 100_000).tolist():
        code = country_code(places.names[row])
        if code not in {None, places.countries[places.country[row]]}:
            wrong[places.names[row]] = code
    assert set(wrong) <= SHARED_NAMES


ALSO_COUNTRIES = {
    # divisions with the name of another country, or of its people
    "Formosa", "Georgia", "Granada", "Luxembourg", "Mali", "Niger", "Portuguesa", "Saint Lucia", "San Martín",
    "Santa Elena", "Somali", "Tanganyika", "Zaire", "Équateur",
}  # fmt: skip


def test_no_division_of_a_country_is_another_country():
    lines = (TABLES / "subdivisions.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    named = [(code[:2], name) for code, region, own in rows for name in (own or region).split("|")]
    wrong = {
        (name, owner, country_code(name))
        for owner, name in named
        if len(name) > 3 and country_code(name) not in {None, owner}
    }
    wrong = {(name, owner, code) for name, owner, code in wrong if TERRITORIES.get(code) != owner}
    assert {name for name, _, _ in wrong} <= ALSO_COUNTRIES, sorted(wrong)


def test_long_junk_costs_nothing():
    country_code("France")
    start = time.perf_counter()
    for i in range(100):
        assert country_code("France " * 15000 + str(i)) is None
    assert time.perf_counter() - start < 1.0
