"""What is known of a company's VAT id."""

from enum import StrEnum


class VatIdStatus(StrEnum):
    """Only `confirmed` lets goods or services go without German VAT: an outage is never an answer."""

    UNCHECKED = "unchecked"
    CONFIRMED = "confirmed"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
