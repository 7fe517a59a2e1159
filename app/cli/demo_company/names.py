"""Companies that do not exist: names, addresses, numbers and mail domains for the demo, one for each index."""

from dataclasses import dataclass

from stdnum.iso7064 import mod_11_10

_FIRST = (  # noqa: SIM905 (a paragraph of words reads better than a column)
    "Ahren Birk Dorn Eschen Falken Ginster Hasel Ilmen Jarn Kolk Linden Marn Nessel Otter Pappel Quell Ried"
    " Sander Tannen Ulmen Vogel Weiden Ysen Zander Brom Dachs Erlen Fenn Grauel Heiden Immen Kranich Lerchen"
    " Moor Nord Oster Rabel Schilf Torf Wacholder"
).split()
_SECOND = "born brink bruch eck egge hagen kamp lohe rieth rode siek stedt".split()  # noqa: SIM905
_TRADES = (  # noqa: SIM905 (a paragraph of words reads better than a column)
    "Metallbau Maschinenbau Werkzeugbau Landtechnik Kältetechnik Elektrotechnik Fördertechnik Pumpentechnik"
    " Stahlbau Blechtechnik Feinmechanik Hydraulik Druckluft Formenbau Fahrzeugbau Anlagenbau Tischlerei"
    " Oberflächentechnik Gebäudetechnik Holzbau Verpackungstechnik Kunststofftechnik Zerspanung Schlosserei"
).split()
_FORMS = ("GmbH", "GmbH & Co. KG", "KG", "OHG", "UG (haftungsbeschränkt)", "e.K.", "AG")
_CITIES = (
    ("Leipzig", "04177"),
    ("Chemnitz", "09116"),
    ("Erfurt", "99086"),
    ("Magdeburg", "39126"),
    ("Kassel", "34123"),
    ("Bielefeld", "33609"),
    ("Osnabrück", "49084"),
    ("Rostock", "18069"),
    ("Lübeck", "23560"),
    ("Augsburg", "86167"),
    ("Regensburg", "93057"),
    ("Bayreuth", "95448"),
    ("Ulm", "89079"),
    ("Heilbronn", "74076"),
    ("Reutlingen", "72766"),
    ("Siegen", "57074"),
    ("Hagen", "58091"),
    ("Koblenz", "56070"),
    ("Gera", "07552"),
    ("Cottbus", "03050"),
)
_STREETS = (
    "Am Gleis",
    "An der Schleuse",
    "Gewerbering",
    "Hammerweg",
    "Im Winkel",
    "Industriestraße",
    "Kranbahnweg",
    "Lagerstraße",
    "Werkhof",
    "Zum Umspannwerk",
)
_GIVEN = (  # noqa: SIM905 (a paragraph of words reads better than a column)
    "Amira Bela Carla Deniz Elif Falk Greta Hanno Ilka Jonas Katja Lennart Mara Nils Oda Piet Ronja Selim"
    " Tilda Uwe Vera Wiebke Yusuf Zoe"
).split()
# The Bundesnetzagentur keeps these numbers free for fiction.
_PHONES = ("+49 30 23125", "+49 69 90009", "+49 40 66969", "+49 221 4710", "+49 89 99998")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})

COMPANY_COUNT = len(_FIRST) * len(_SECOND) * len(_TRADES) * len(_CITIES)
_STRIDE = 7919
FIRST_PERSONA = 120_000
FIRST_CUSTOMER = 131_000
"""From which index the log-ins' companies come, and the other customers'; below are those of the main brand's list."""


@dataclass(frozen=True)
class Company:
    """A made-up company; its VAT id has a right check digit in a range that no office hands out."""

    name: str
    legal_form: str
    street: str
    postal_code: str
    city: str
    vat_id: str
    register_number: str
    register_court: str
    domain: str
    phone: str
    contact_name: str
    trade: str


def company(index: int) -> Company:
    """The company of an index from 0 to COMPANY_COUNT - 1: always the same one, and no two alike."""
    if not 0 <= index < COMPANY_COUNT:
        raise ValueError(f"there are {COMPANY_COUNT} made-up companies")
    # The stride shares no factor with the count, so that neighbours differ and none comes twice.
    rest = index * _STRIDE % COMPANY_COUNT
    rest, city_index = divmod(rest, len(_CITIES))
    rest, trade_index = divmod(rest, len(_TRADES))
    first_index, second_index = divmod(rest, len(_SECOND))
    surname = _FIRST[first_index] + _SECOND[second_index]
    city, postal_code = _CITIES[city_index]
    form = _FORMS[index % len(_FORMS)]
    trade = _TRADES[trade_index]
    return Company(
        name=f"{surname} {trade} {city} {form}",
        legal_form=form,
        street=f"{_STREETS[index % len(_STREETS)]} {1 + index // len(_STREETS) % 180}",
        postal_code=postal_code,
        city=city,
        vat_id=vat_id(index),
        register_number=f"{_register(form)} {900_000 + index % 100_000}",
        register_court=f"Amtsgericht {city}",
        domain=f"{surname}-{trade}-{city}.example".lower().translate(_UMLAUTS),
        phone=_phone(index),
        contact_name=f"{_GIVEN[index % len(_GIVEN)]} {surname}",
        trade=trade,
    )


def _phone(index: int) -> str:
    """One of the 5,000 numbers that are free for fiction, or none: two companies with one number look like one.

    The first 2,400 companies have a number each, the log-ins a hundred, the other customers the rest.
    """
    if index < FIRST_PERSONA:
        number = index if index < 2_400 else None
    elif index < FIRST_CUSTOMER:
        number = 2_400 + (index - FIRST_PERSONA) % 100
    else:
        number = 2_500 + (index - FIRST_CUSTOMER) % 2_500
    return "" if number is None else f"{_PHONES[number // 1000]} {number % 1000:03d}"


def vat_id(index: int) -> str:
    """A German VAT id from DE99…: the check digit is right, the range was never used."""
    digits = f"99{index:06d}"
    return f"DE{digits}{mod_11_10.calc_check_digit(digits)}"


def _register(form: str) -> str:
    return "HRB" if form in ("GmbH", "AG", "UG (haftungsbeschränkt)") else "HRA"
