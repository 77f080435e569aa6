"""Short city names missing from the table, by country: `NYC`, `HCMC`, `CDMX`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

CITY_FORMS: Mapping[str, Mapping[str, str]] = {
    country: {
        form: city
        for line in lines.split("; ")
        for city, forms in [line.split(": ")]
        for form in forms.split(", ")
    }
    for country, lines in {
        "AE": "abu dhabi: auh; dubai: dxb",
        "AR": "buenos aires: caba, capital federal, bsas, bs as, ciudad autonoma de buenos aires",
        "BD": "dhaka: dacca",
        "BE": "brussels: bxl, bru",
        "BR": "rio de janeiro: rio, rj; sao paulo: sampa; belo horizonte: bh, beaga; porto alegre: poa; "
        "brasilia: bsb",
        "CD": "kinshasa: kin",
        "CN": "hong kong: hk; beijing: bj; shanghai: sh",
        "CO": "bogota: bogota dc, bogota d c",
        "DE": "frankfurt am main: frankfurt main, frankfurt a m, ffm; berlin: bln; hamburg: hh; munich: muc; "
        "freiburg: freiburg breisgau, freiburg i br, freiburg im breisgau; dusseldorf: ddorf",
        "ES": "barcelona: bcn",
        "FI": "helsinki: hki, stadi",
        "GB": "birmingham: bham; london: ldn; newcastle upon tyne: newcastle; stoke on trent: stoke; "
        "kingston upon hull: hull",
        "HK": "hong kong: hk",
        "ID": "jakarta: jkt; yogyakarta: jogja, yogya, diy; surabaya: sby",
        "IN": "bengaluru: blr; mumbai: bom; new delhi: ndls; hyderabad: hyd; chennai: maa; kolkata: ccu",
        "IT": "rome: roma capitale",
        "KR": "seoul: seoul teukbyeolsi",
        "MX": "mexico city: cdmx, df, mexico df, mexico d f, distrito federal, ciudad de mexico; "
        "guadalajara: gdl; monterrey: mty",
        "MY": "kuala lumpur: kl; johor bahru: jb; kota kinabalu: kk; george town: penang",
        "PH": "quezon city: qc; cebu city: cebu; davao: davao city",
        "PR": "san juan: sj",
        "RU": "saint petersburg: spb, piter, sankt peterburg; moscow: msk; yekaterinburg: ekb",
        "TH": "bangkok: bkk, krung thep, krungthep",
        "TR": "istanbul: ist",
        "TW": "taipei: tpe",
        "US": "new york city: nyc, ny, new york new york, ny city, the big apple; los angeles: la, l a; "
        "san francisco: sf, san fran, frisco; washington: dc, d c, washington dc, washington d c; "
        "las vegas: vegas; philadelphia: philly; new orleans: nola; salt lake city: slc; "
        "saint louis: stl; fort worth: ft worth; oklahoma city: okc; kansas city: kc; "
        "indianapolis: indy; minneapolis: mpls; atlanta: atl; jacksonville: jax; albuquerque: abq; "
        "portland: pdx",
        "VN": "ho chi minh city: hcmc, hcm, hcm city, tphcm, tp hcm, tp ho chi minh, sai gon; hanoi: hn",
        "ZA": "johannesburg: joburg, jozi, jhb, jo burg; cape town: cpt; pretoria: pta; "
        "gqeberha: port elizabeth; durban: dbn",
    }.items()
}
"""By country: forms missing from the table, mapped to a name that it has, both as `plain_key`."""
