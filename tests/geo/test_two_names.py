"""Texts with two names, codes, or words around a name: they count only if they mean one place."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo_rewards.geo import named_place, same_city, same_region
from geo_rewards.geo.name_parts import split_names
from geo_rewards.types import Place

# country | text | name of the place; the text is as a model or a data table writes it
SAME_CITIES = """
US|NYC|New York City ; US|New York, NY|New York ; US|Manhattan, NYC|New York ; US|LA|Los Angeles ;
US|Washington, DC|Washington ; US|Washington DC|Washington ; US|Denver metro area|Denver ;
US|Denver metropolitan area|Denver ; US|downtown Chicago|Chicago ; US|Austin TX|Austin ;
US|Austin, TX|Austin ; US|Austin, Texas, USA|Austin ; US|Portland, OR|Portland ;
US|City of Boston|Boston ; US|Springfield (IL)|Springfield ; DE|Stadt Köln|Cologne ;
DE|Landeshauptstadt München|Munich ; DE|Munich (München)|Munich ; DE|Munich / München|Munich ;
DE|München or Munich|Munich ; DE|Freiburg (Breisgau)|Freiburg im Breisgau ;
DE|Frankfurt (Main)|Frankfurt am Main ; DE|Frankfurt/Main|Frankfurt am Main ;
DE|Halle (Saale)|Halle ; DE|Berlin-Mitte|Berlin ; DE|Berlin Mitte|Berlin ;
DE|Köln (Cologne), Germany|Cologne ; SE|Ludvika kommun|Ludvika ; SE|Ludvika Municipality|Ludvika ;
NO|Oslo kommune|Oslo ; NO|Bergen municipality|Bergen ; FI|Helsinki (Helsingfors)|Helsinki ;
FI|Turku / Åbo|Turku ; DK|Københavns Kommune|Copenhagen ; NL|Gemeente Amsterdam|Amsterdam ;
NL|'s-Hertogenbosch (Den Bosch)|Den Bosch ; BE|Brussels / Bruxelles / Brussel|Brussels ;
BE|Antwerpen (Anvers)|Antwerp ; BE|Gent (Ghent)|Ghent ; BR|São Paulo (SP)|São Paulo ;
BR|Rio de Janeiro - RJ|Rio de Janeiro ; BR|Rio de Janeiro/RJ|Rio de Janeiro ;
BR|Rio|Rio de Janeiro ; MX|CDMX|Mexico City ; MX|Mexico City (CDMX)|Ciudad de México ;
VN|HCMC|Ho Chi Minh City ; VN|TP.HCM|Ho Chi Minh City ; VN|Ho Chi Minh City (Saigon)|Saigon ;
IN|Mumbai (Bombay)|Mumbai ; IN|Mumbai, formerly Bombay|Mumbai ;
IN|Bengaluru (formerly Bangalore)|Bangalore ; IN|Bangalore/Bengaluru|Bengaluru ;
TR|Istanbul (Constantinople)|Istanbul ; IT|Palermo (PA)|Palermo ; IT|Bolzano - Bozen|Bolzano ;
IT|Comune di Roma|Rome ; IT|Città metropolitana di Napoli|Naples ;
IT|Florence (Firenze), Tuscany|Florence ; FR|Ville de Paris|Paris ; FR|Paris (16e)|Paris ;
FR|Paris 7e|Paris ; GB|Greater Manchester|Manchester ; GB|Central London|London ;
GB|London (Westminster)|London ; GB|Newcastle|Newcastle upon Tyne ;
GB|City of Edinburgh|Edinburgh ; JP|Sapporo-shi|Sapporo ; JP|Sapporo City|Sapporo ;
JP|東京 (Tokyo)|Tokyo ; JP|Tokyo（東京）|Tokyo ; JP|Shibuya-ku, Tokyo|Tokyo ; JP|Biei-cho|Biei ;
KR|Suwon-si|Suwon ; KR|Seoul Special City|Seoul ; CN|Beijing Shi|Beijing ;
CN|Beijing (北京)|Beijing ; CN|Beijing Municipality|Beijing ;
RU|St. Petersburg (Leningrad)|Saint Petersburg ; RU|SPb|Saint Petersburg ; UA|Kyiv/Kiev|Kyiv ;
PL|Gdańsk (Danzig)|Gdansk ; PL|Miasto Kraków|Krakow ; GR|Thessaloniki (Salonica)|Thessaloniki ;
ZA|Gqeberha (Port Elizabeth)|Gqeberha ; MM|Yangon (Rangoon)|Yangon ;
ES|Donostia / San Sebastián|San Sebastián ; ES|San Sebastián (Donostia)|San Sebastián ;
ES|Palma (de Mallorca)|Palma ; ES|Barcelona area|Barcelona ; CA|Vancouver, BC|Vancouver ;
CA|Greater Toronto Area|Toronto ; CA|Vancouver BC|Vancouver ; AU|Sydney CBD|Sydney ;
AU|Sydney NSW|Sydney ; AU|Greater Sydney|Sydney ; GB|Derry/Londonderry|Derry ;
TR|Bodrum (Muğla)|Bodrum ; CH|Biel/Bienne|Biel ; CH|Geneva (Genève)|Geneva ;
CH|Lausanne (VD)|Lausanne ; CH|Bern (Berne)|Bern ; ID|Kota Bandung|Bandung ; ID|Jogja|Yogyakarta ;
PT|Lisbon (Lisboa)|Lisbon ; EG|Cairo (Al Qahirah)|Cairo ;
NP|Kathmandu Metropolitan City|Kathmandu ; PH|City of Manila|Manila ; PH|Metro Manila|Manila ;
TH|Bangkok (Krung Thep)|Bangkok ; KH|Siem Reap (city)|Siem Reap ; PE|Cusco (Cuzco)|Cusco ;
IL|Jerusalem (Yerushalayim)|Jerusalem ; IL|Tel Aviv-Yafo|Tel Aviv ; IL|Tel Aviv|Tel Aviv-Jaffa ;
IS|Reykjavík (capital)|Reykjavik ; DE|near Munich|Munich
"""

OTHER_CITIES = """
US|New York / Los Angeles|New York ; US|Paris, Texas|Dallas ; US|Kansas City|Kansas ;
US|Boston (Dallas)|Boston ; US|Boston or Dallas|Boston ; US|New York, Los Angeles|New York ;
FR|Paris (Lyon)|Paris ; FR|Paris / Lyon|Paris ; FR|Paris - Lyon|Paris ;
FR|Paris or Lyon or Nice|Paris ; FR|Lyon (Paris)|Paris ; DE|Munich (Berlin)|Munich ;
DE|Berlin / Munich|Berlin ; US|Bay Area|San Francisco ; US|Springfield (IL)|Chicago ;
IT|Palermo (TO)|Palermo ; US|Austin CA|Austin ; US|Portland ME|Salem ;
GB|London (Manchester)|London ; GB|Londonderry|London ; JP|Tokyo (Osaka)|Tokyo ;
JP|Tokyo, Osaka|Tokyo ; JP|Kyoto|Tokyo ; CN|Beijing (Shanghai)|Beijing ;
DE|Frankfurt (Oder)|Frankfurt am Main ; US|York|New York ; US|New|New York ; US|City|New York ;
US|near|Denver ; US|area|Denver ; US|Not Denver|Denver ; GB|New London|London ;
CA|London|Londonderry ; US|Greater|Denver ; ES|Barcelona / Madrid|Madrid ;
BR|São Paulo (RJ)|São Paulo ; US|St. Louis Park|St. Louis ; US|East St. Louis|St. Louis ;
US|North Las Vegas|Las Vegas ; US|Brooklyn / Manhattan|New York ; GB|Old London|New London ;
US|Los Angeles (San Francisco)|Los Angeles ; MX|Mexico City or Guadalajara|Guadalajara ;
IN|New Delhi (Mumbai)|Mumbai ; FR|Paris|Parisot ; AU|Sydney, Melbourne|Sydney ;
AU|Sydney (Melbourne)|Melbourne ; US|Washington|Seattle ;
GB|Newcastle under Lyme|Newcastle upon Tyne
"""

SAME_REGIONS = """
US|California (CA)|California ; US|CA|California ; US|US-CA|California ; US|us-ca|California ;
US|California, USA|California ; US|State of California|California ; JP|JP-01|Hokkaido ;
JP|JP-13|Tokyo ; GB|GB-SCT|Scotland ; GB|SCT|Scotland ; GB|GB-ENG|England ; DE|DE-BY|Bavaria ;
DE|BY|Bayern ; DE|Bavaria (Germany)|Bavaria ; DE|Bayern / Bavaria|Bavaria ;
DE|Bayern (Bavaria)|Bavaria ; ES|Catalonia (Catalunya)|Cataluña ; ES|ES-CT|Catalonia ;
ES|País Vasco / Euskadi|Basque Country ; FR|FR-IDF|Île-de-France ;
FR|Île-de-France (Paris Region)|Ile de France ; CH|CH-VD|Vaud ; CH|Vaud (VD)|Vaud ;
CH|Valais / Wallis|Valais ; IT|IT-52|Tuscany ;
IT|Trentino-Alto Adige/Südtirol|Trentino-Alto Adige ; BR|BR-SP|São Paulo ;
BR|São Paulo (SP)|São Paulo ; BR|SP|São Paulo ; CN|CN-GD|Guangdong ;
CN|Guangxi Zhuang Autonomous Region|Guangxi ; CN|Inner Mongolia Autonomous Region|Inner Mongolia ;
CN|Tibet Autonomous Region|Tibet ; CN|Ningxia Hui Autonomous Region|Ningxia ; CN|Xizang|Tibet ;
CN|Xinjiang (Uyghur)|Xinjiang ; AU|AU-NSW|New South Wales ;
AU|New South Wales (NSW)|New South Wales ; CA|CA-ON|Ontario ; CA|ON|Ontario ;
CA|Quebec (Québec)|Quebec ; CA|Ontario (province)|Ontario ; IN|IN-TN|Tamil Nadu ;
IN|Odisha (Orissa)|Orissa ; IT|IT-PA|Palermo ; IE|IE-WW|Wicklow ; IE|Co. Wicklow|Wicklow ;
RU|RU-MOW|Moscow ; ID|ID-BA|Bali ; ZA|ZA-WC|Western Cape ; MX|MX-CMX|Mexico City ;
AR|AR-B|Buenos Aires ; PL|PL-14|Mazovia ; PL|województwo mazowieckie|Mazowieckie ; UA|UA-46|Lviv ;
TR|TR-34|Istanbul ; NO|NO-03|Oslo ; SE|SE-AB|Stockholm ; SE|Stockholms län|Stockholm County ;
TH|TH-10|Bangkok ; VN|VN-SG|Ho Chi Minh City ;
DE|North Rhine-Westphalia (NRW)|Nordrhein-Westfalen ; GB|Scotland, UK|Scotland ;
JP|北海道 (Hokkaido)|Hokkaido ; JP|Hokkaidō（北海道）|Hokkaido ; US|Hawaii (HI)|Hawaii ;
US|Hawai'i|Hawaii ; US|D.C.|District of Columbia ; US|DC|Washington, D.C.
"""

OTHER_REGIONS = """
US|US-CA|Nevada ; US|CA-ON|California ; CA|US-CA|California ; CA|CA|California ;
US|California / Nevada|California ; US|California or Nevada|Nevada ;
US|California (NV)|California ; US|California, Nevada|California ;
US|New Jersey (New York)|New Jersey ; DE|Bavaria (Hesse)|Bavaria ; US|ON|Ontario ;
US|C|California ; JP|01|Hokkaido ; US|XX|California ; GB|England / Scotland|Scotland ;
FR|FR-75C|Île-de-France ; RU|RU-MOW|Moscow Oblast ; US|Virginia|West Virginia ;
US|West Virginia (VA)|Virginia ; CN|Shanxi (Shaanxi)|Shanxi ; IT|IT-PA|Sicily ;
US|Washington|District of Columbia ; US|Georgia|Geor ; DE|DE-BY or DE-HE|Bavaria
"""


def rows(text):
    return [tuple(row.split("|")) for row in re.split(r"\s*;\s*", text.strip()) if row]


@pytest.mark.parametrize(("country", "text", "name"), rows(SAME_CITIES))
def test_a_city_is_known_by_two_names_or_with_words_around_it(country, text, name):
    assert same_city(text, name, country=country)
    assert same_city(name, text, country=country)


@pytest.mark.parametrize(("country", "text", "name"), rows(OTHER_CITIES))
def test_two_cities_in_one_text_or_another_city_do_not_match(country, text, name):
    assert not same_city(text, name, country=country)
    assert not same_city(name, text, country=country)


@pytest.mark.parametrize(("country", "text", "name"), rows(SAME_REGIONS))
def test_a_region_is_known_by_two_names_or_its_code(country, text, name):
    assert same_region(text, name, country=country)
    assert same_region(name, text, country=country)


@pytest.mark.parametrize(("country", "text", "name"), rows(OTHER_REGIONS))
def test_two_regions_in_one_text_or_another_code_do_not_match(country, text, name):
    assert not same_region(text, name, country=country)
    assert not same_region(name, text, country=country)


CITIES = ("Paris", "Lyon", "Marseille", "Nice", "Nantes", "Lille", "Toulouse", "Bordeaux", "Metz", "Reims")
REGIONS = ("Bavaria", "Hesse", "Saxony", "Berlin", "Hamburg", "Bremen", "Saarland", "Brandenburg")
BETWEEN = (
    "{} / {}",
    "{}/{}",
    "{} or {}",
    "{} ({})",
    "{}, {}",
    "{} - {}",
    "{} {}",
    "{} and {}",
    "{} [{}]",
    "{}; {}",
    "{} aka {}",
)


@pytest.mark.parametrize("form", BETWEEN)
def test_no_list_of_two_places_is_either_of_them(form):
    for names, same, country in ((CITIES, same_city, "FR"), (REGIONS, same_region, "DE")):
        for first in names:
            for second in names:
                if first != second:
                    text = form.format(first, second)
                    assert not same(text, first, country=country), text
                    assert not same(text, second, country=country), text


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        (("USA", None, "Puerto Rico"), Place("PR", None, "Puerto Rico")),
        (("USA", "Puerto Rico", "San Juan"), Place("PR", None, "San Juan")),
        (("China", None, "Hong Kong"), Place("HK", None, "Hong Kong")),
        (("France", "Martinique", "Fort-de-France"), Place("MQ", "Martinique", "Fort-de-France")),
        (("Denmark", "Greenland", "Nuuk"), Place("GL", None, "Nuuk")),
        (("UK", None, "Gibraltar"), Place("GI", None, "Gibraltar")),
        (("UK", "England", "London"), Place("GB", "England", "London")),
        (("USA", "Georgia", "Atlanta"), Place("US", "Georgia", "Atlanta")),
        (("Italy", "TO", "Turin"), Place("IT", "TO", "Turin")),
        (("USA", "CA", "Los Angeles"), Place("US", "CA", "Los Angeles")),
        (("Germany", "BY", "Munich"), Place("DE", "BY", "Munich")),
        (("Germany", "TO", "Munich"), Place(None, "TO", "Munich")),
        (("USA", "Guam", "Puerto Rico"), Place(None, "Guam", "Puerto Rico")),
        (("China", "Macau", "Hong Kong"), Place(None, "Macau", "Hong Kong")),
        (("France", "Italy", "Spain"), Place(None, "Italy", "Spain")),
        (("Atlantis", "Bavaria", "Munich"), Place(None, "Bavaria", "Munich")),
        ((None, None, None), Place()),
    ],
)
def test_a_territory_may_be_given_as_a_region_or_city_of_its_state(fields, place):
    found = named_place(*fields)
    assert (found.country, found.city) == (place.country, place.city)
    assert found.region in (place.region, fields[1])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Mumbai, formerly Bombay", ("Mumbai", "Bombay")),
        ("Bengaluru (formerly known as Bangalore)", ("Bengaluru", "Bangalore")),
        ("Saigon aka Ho Chi Minh City", ("Saigon", "Ho Chi Minh City")),
        ("東京（Tokyo）", ("東京", "Tokyo")),
        ("Paris", None),
        ("Stratford-upon-Avon", None),
        ("Port-au-Prince", None),
        ("(Paris)", None),
        ("Paris ()", None),
        ("Paris (Lyon) (Nice)", None),
        ("a, b, c, d, e", None),
        ("a,, b", None),
        ("", None),
    ],
)
def test_a_text_is_split_into_its_names(text, names):
    parts = split_names(text)
    assert (parts and parts.names) == names


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(["Paris", "(", ")", "/", " or ", ",", " - ", "US-CA", "近", "aka ", "St.", " "]),
        max_size=12,
    )
)
def test_any_mixture_of_names_and_marks_is_answered(pieces):
    text = "".join(pieces)
    assert isinstance(same_city(text, "Paris", country="FR"), bool)
    assert isinstance(same_region(text, "Île-de-France", country="FR"), bool)
    named_place(text, text, text)


@pytest.mark.parametrize("piece", ["(", "Paris (", " or ", ", ", "/", "in the ", "near ", "US-", "rep of "])
def test_hostile_texts_cost_nothing(piece):
    same_city("a", "b", country="FR")
    start = time.perf_counter()
    for repeated in (10, 20, 40, 10_000):
        same_city(piece * repeated, "Paris", country="FR")
        same_region(piece * repeated, "Île-de-France", country="FR")
        named_place(piece * repeated, piece * repeated, piece * repeated)
    assert time.perf_counter() - start < 2.0
