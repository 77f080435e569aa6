"""What the table of countries lacks: short and old names, abbreviations, and the states of territories.

All keys are in `plain_key` form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORT_FORMS: Mapping[str, str] = {
    key: code
    for code, keys in {
        "AE": "emirates, the emirates, uae, alianqiu",
        "AF": "islamic state of afghanistan",
        "AG": "antigua",
        "AL": "shqiperia",
        "AM": "hayastan",
        "AQ": "british antarctic territory",
        "AR": "republica argentina",
        "AX": "aaland, aaland islands",
        "BA": "bosnia",
        "BD": "east pakistan",
        "BF": "upper volta, burkina",
        "BJ": "dahomey",
        "BL": "saint barths, saint barts",
        "BM": "bermuda islands",
        "BQ": "bonaire sint eustatius and saba, bonaire, saba, sint eustatius, saint eustatius, statia, "
        "caribbean netherlands, bes islands",
        "BS": "bahama islands",
        "BW": "bechuanaland",
        "BY": "belorussia, byelorussia, white russia",
        "BZ": "british honduras",
        "CC": "cocos keeling, keeling islands",
        "CD": "rep democratique du congo, democratic republic of congo, democratic republic of the congo, "
        "rdc, republique democratique du congo, zaire, drc, dr congo, congo drc, congo dr, belgian "
        "congo",
        "CF": "car, ubangi shari",
        "CG": "republique du congo, congo republic, republic of congo, congo brazzaville, republic of the "
        "congo",
        "CH": "confoederatio helvetica",
        "CI": "cote ivoire, cote divoire, cote d ivoire, elfenbeinkuste",
        "CN": "peoples republic of china, prc, pr china, mainland china, zhongguo",
        "CZ": "czech rep, cesko, tchequie, cechia, chequia, jieke, cheko",
        "DE": "west germany, east germany, federal republic of germany, brd, ddr",
        "DO": "dominican rep",
        "EG": "masr, misr, msr",
        "ET": "abyssinia",
        "FM": "fsm",
        "FO": "faeroe islands",
        "FR": "republique francaise, french republic",
        "GB": "uk, great britain, britain, england, scotland, wales, northern ireland, n ireland",
        "GE": "sakartvelo, republic of georgia",
        "GF": "guyane, french guyana, french guiana",
        "GQ": "spanish guinea",
        "GR": "hellas, ellada",
        "GS": "south georgia, south georgia and the islands",
        "GY": "british guyana, british guiana",
        "HK": "hong kong sar, hong kong china, hksar, hong kong sar china, xianggang",
        "ID": "dutch east indies",
        "IE": "eire, republic of ireland, irish republic, irish free state",
        "IN": "bharat, hindustan",
        "IR": "persia",
        "IT": "repubblica italiana, italian republic",
        "JO": "transjordan",
        "JP": "nippon, nihon, nihon koku, state of japan",
        "KG": "kirghizia, kirgizia, kirghizstan",
        "KH": "kampuchea",
        "KN": "saint kitts",
        "KP": "democratic republic of korea, democratic peoples republic of korea, n korea, joseon, north "
        "korea, dprk, korea north",
        "KR": "korea, s korea, south korea, rok, korea south, republic of korea, hangug, hanguk",
        "KZ": "qazaqstan",
        "LA": "lao pdr, laos pdr",
        "LK": "ceylon",
        "LS": "basutoland",
        "LY": "state of libya, libyan arab jamahiriya, great socialist peoples libyan arab jamahiriya",
        "MD": "moldovia, moldavia",
        "MF": "saint martin french, saint martin french part, saint martin french side",
        "MG": "malagasy republic",
        "MK": "macedonia, former yugoslav republic of macedonia, the former yugoslav republic of "
        "macedonia, tfyr of macedonia, tfyr macedonia, macedonia fyr, macedonia fyrom, fyr of "
        "macedonia, fyr macedonia, fyrom, n macedonia, north macedonia, macedoine du nord, "
        "nordmazedonien, macedonia del norte",
        "MM": "burma, union of burma",
        "MO": "macau, macao, macau sar, macao sar, macau china, macao china, macao sar china",
        "MW": "nyasaland",
        "MX": "estados unidos mexicanos, united mexican states, mejico",
        "MY": "malaya",
        "NA": "south west africa",
        "NG": "naija",
        "NL": "holland",
        "NZ": "aotearoa, n zealand",
        "PG": "png",
        "PM": "saint pierre et miquelon",
        "PS": "palestine, palestina, west bank and gaza, west bank and gaza strip, west bank, gaza strip, "
        "occupied palestinian territory, occupied palestinian territories",
        "RE": "reunion island, la reunion",
        "SA": "ksa, saudi",
        "SR": "dutch guyana, dutch guiana",
        "ST": "sao tome, saint thomas and prince",
        "SX": "saint martin dutch, saint martin dutch part, saint martin dutch side, saint maarten, sint "
        "maarten, saint maarten dutch part, sint maarten dutch part",
        "SZ": "swaziland",
        "TF": "french southern and antarctic territories, french southern territories",
        "TH": "siam",
        "TL": "east timor",
        "TT": "trinidad",
        "TW": "taiwan province of china, taiwan china, formosa, chinese taipei, taiwan roc, roc",
        "TZ": "tanganyika",
        "UM": "united states minor outlying islands, us minor outlying islands",
        "US": "america, usa, united states, us of a, the states",
        "VA": "vatican, vatican city, holy see",
        "VC": "saint vincent",
        "VG": "british virgin islands, virgin islands british, virgin islands uk, bvi",
        "VI": "virgin islands us, virgin islands of the united states, usvi, us virgin islands",
        "VU": "new hebrides",
        "WS": "western samoa",
        "XK": "kosova",
        "ZA": "rsa, s africa, south african republic",
        "ZM": "northern rhodesia",
        "ZW": "rhodesia, southern rhodesia",
    }.items()
    for key in keys.split(", ")
}
"""Short forms, old names and abbreviations, by `plain_key`; they override the table."""

TERRITORIES: Mapping[str, str] = {
    territory: state
    for state, territories in {
        "AU": "CC CX HM NF",
        "CN": "HK MO TW",
        "DK": "FO GL",
        "FI": "AX",
        "FR": "BL GF GP MF MQ NC PF PM RE TF WF YT",
        "GB": "AI BM FK GG GI GS IM IO JE KY MS PN SH TC VG",
        "NL": "AW BQ CW SX",
        "NO": "BV SJ",
        "NZ": "CK NU TK",
        "US": "AS GU MP PR UM VI",
    }.items()
    for territory in territories.split()
}
"""ISO 3166-1 codes of territories that people write with their state: `Puerto Rico, USA` is PR.

`Taiwan, Province of China` is ISO's own form, and `China, Hong Kong SAR` the UN's.
"""

WORDS: Mapping[str, str] = {
    "afr": "african",
    "am": "american",
    "arab": "arab",
    "barb": "barbuda",
    "br": "british",
    "dem": "democratic",
    "dom": "dominican",
    "dpr": "democratic peoples republic",
    "eq": "equatorial",
    "fed": "federated",
    "fr": "french",
    "gren": "grenadines",
    "herz": "herzegovina",
    "i": "island",
    "is": "islands",
    "isl": "islands",
    "mac": "macedonia",
    "pdr": "peoples democratic republic",
    "poly": "polynesia",
    "pr": "peoples republic",
    "rb": "bolivarian republic",
    "rep": "republic",
    "sah": "sahara",
    "sar": "special administrative region",
    "sts": "states",
    "terr": "territory",
    "ter": "territory",
    "utd": "united",
    "vin": "vincent",
}
"""Abbreviations in names used by atlases and statistics: `Solomon Is.`, `Congo, Dem. Rep.`"""

POINTS: Mapping[str, tuple[str, ...]] = {
    "n": ("north", "northern"),
    "s": ("south", "southern"),
    "e": ("east", "eastern"),
    "w": ("west", "western"),
    "c": ("central",),
}
"""What a first letter means: `S. Sudan`, `W. Sahara`."""

_FORMAL = (
    "arab bolivarian commonwealth confederation cooperative co democratic duchy emirate federal federated "
    "federation federative grand hashemite independent islamic kingdom mainland metropolitan nation of "
    "operative oriental people peoples plurinational principality republic socialist state states sultanate "
    "territory the union united"
)
FORMAL = frozenset(_FORMAL.split())
"""Words that say how a country is governed."""
KINDS = FORMAL - {"arab", "co", "federal", "grand", "of", "people", "peoples", "state", "the", "united"}
"""Formal words are dropped only if one of these is among them; a "State of Mexico" is not a country."""
TOLD_APART = frozenset({"korea", "congo", "china", "georgia", "samoa", "guinea", "sudan"})
"""Names shared by more than one country: their formal words are never dropped."""
