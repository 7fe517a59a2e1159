"""What is known of a company's VAT id."""

from enum import StrEnum


class VatIdStatus(StrEnum):
    """Only `confirmed` lets goods or services go without German VAT: an outage is never an answer."""

    UNCHECKED = "unchecked"
    CONFIRMED = "confirmed"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"


def state_of_vat_id(vat_id: str) -> str:
    """The ISO code of the state that issued a normalised VAT id, with XI for Northern Ireland; empty for none."""
    prefix = vat_id[:2]
    return "GR" if prefix == "EL" else prefix


def for_authorities(vat_id: str) -> tuple[str, str]:
    """Prefix and number as VIES, eVatR and invoices write them: Greece is EL, whatever the id began with."""
    prefix = vat_id[:2]
    return ("EL" if prefix == "GR" else prefix), vat_id[2:]
