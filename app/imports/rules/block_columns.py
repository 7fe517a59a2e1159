"""The columns that a list of blocks may have, under their English and German names, and the words in them."""

from enum import StrEnum
from typing import TypeVar

from app.catalogue.rules.kinds import Kind, Packaging, Source
from app.core.errors import N_
from app.mainbrand.rules.columns import Column, plain_title

E = TypeVar("E", bound=StrEnum)

BLOCK_COLUMNS = (
    Column("sku", True, ("artikelnummer", "artikel_nr", "artikel", "baustein", "stock_code", "material")),
    Column(
        "name_de", False, ("name_deutsch", "bezeichnung", "bezeichnung_deutsch", "bezeichnung_de", "name")
    ),
    Column("name_en", False, ("name_englisch", "bezeichnung_englisch", "bezeichnung_en", "name_english")),
    Column("text_de", False, ("text_deutsch", "beschreibung", "beschreibung_deutsch", "beschreibung_de")),
    Column("text_en", False, ("text_englisch", "beschreibung_englisch", "beschreibung_en")),
    Column("kind", False, ("art", "artikelart", "bausteinart", "block", "block_kind")),
    Column("unit", False, ("einheit", "mengeneinheit", "unit_code")),
    Column("unit_cost", False, ("stueckkosten", "einkaufspreis", "ek", "kosten", "cost", "unit_cost_cents")),
    Column(
        "main_brand_price",
        False,
        (
            "hauptmarkenpreis",
            "preis_der_hauptmarke",
            "listenpreis",
            "list_price",
            "preis",
            "price",
            "preis_netto",
            "price_net",
            "price_eur_net",
            "price_eur_net_illustrative",
        ),
    ),
    Column(
        "main_brand_lead_time_days",
        False,
        ("vorlaufzeit", "vorlaufzeit_der_hauptmarke", "lieferzeit", "lead_time", "lead_time_days"),
    ),
    Column("vat_rate", False, ("ust", "mwst", "steuersatz", "ust_satz", "mwst_satz", "vat")),
    Column("source", False, ("bezugsart",)),
    Column("partner", False, ("lieferant", "supplier")),
    Column("partner_cost", False, ("anteil_des_partners", "partneranteil", "partner_share")),
    Column("weight_g", False, ("gewicht_g", "gewicht_in_g", "gewicht", "weight")),
    Column("packaging", False, ("verpackung",)),
    Column("packing_cost", False, ("verpackungskosten",)),
    Column("hazardous", False, ("gefahrgut", "is_hazardous")),
    Column("restricted", False, ("beschraenkt", "is_restricted")),
    Column("cpv_code", False, ("cpv", "cpv_nummer")),
    Column("made_to_order", False, ("auf_bestellung_gefertigt", "auf_bestellung", "is_made_to_order")),
)
FIELDS = {
    "unit": "unit_code",
    "unit_cost": "unit_cost_cents",
    "main_brand_price": "main_brand_price_cents",
    "vat_rate": "vat_rate_bp",
    "partner_cost": "partner_cost_cents",
    "packing_cost": "packing_cost_cents",
    "hazardous": "is_hazardous",
    "restricted": "is_restricted",
    "made_to_order": "is_made_to_order",
}
"""What a block calls it, where that is another name than the column's."""
NEEDED = (
    "name_de", "name_en", "kind", "unit", "unit_cost", "main_brand_price", "main_brand_lead_time_days", "vat_rate",
)  # fmt: skip
"""What no block is without."""
STAND_INS: dict[str, str | int] = {
    "name_de": "name_en",
    "name_en": "name_de",
    "unit_cost": "main_brand_price",
    "main_brand_lead_time_days": 5,
    "vat_rate": 1900,
}
"""What a new block takes where its list leaves it out: what another column says, or a value of ours.

A cost that nobody named is the main brand's price, so that the margin guard is never fooled.
"""
STOOD_IN = N_("is missing: taken as %(value)s until somebody says better")
KINDS = {
    Kind.SPARE_PART: ("ersatzteil", "ersatzteile", "spare_parts"),
    Kind.CARE_PRODUCT: ("pflegemittel", "care_products"),
    Kind.CONSUMABLE: ("verbrauchsmaterial", "consumables"),
    Kind.RAW_MATERIAL: ("rohstoff", "rohstoffe", "raw_materials"),
    Kind.SEMI_FINISHED: ("halbfertigteil", "halbfertigteile", "halbzeug", "semi_finished_products"),
    Kind.CONSULTING_UNIT: ("beratungseinheit", "beratungseinheiten", "beratung", "consulting_units"),
    Kind.SERVICE: ("leistung", "leistungen", "dienstleistung", "services"),
}
SOURCES = {
    Source.OWN: ("eigen", "eigenes_lager_oder_personal", "eigenes_lager", "own_stock_or_staff"),
    Source.SPECIALIST: ("spezialist", "vom_spezialisten_fertiggestellt", "finished_by_a_specialist"),
    Source.WHITE_LABEL: ("whitelabel",),
    Source.COMMISSION: ("provision", "provisionsgeschaeft"),
}
PACKAGINGS = {
    Packaging.NONE: ("keine", "keine_eigene", "none_of_its_own"),
    Packaging.ENVELOPE: ("umschlag",),
    Packaging.BAG: ("beutel",),
    Packaging.CARTON: ("karton",),
    Packaging.TUBE: ("versandrohr", "rohr"),
    Packaging.CANISTER: ("kanister",),
    Packaging.PALLET: ("palette",),
}
YES = frozenset({"yes", "ja", "true", "wahr", "1", "x", "j", "y"})
NO = frozenset({"no", "nein", "false", "falsch", "0", "n"})


def field_of(column: str) -> str:
    """What a block calls the content of a column."""
    return FIELDS.get(column, column)


def find_word(text: str, words: dict[E, tuple[str, ...]]) -> E | None:
    """The choice that a cell means by its key or a usual word, or None."""
    word = plain_title(text)
    return next((choice for choice, others in words.items() if word == choice.value or word in others), None)
