"""Reading the fields of an editor's form one by one, so that every wrong field is named at once."""

import re
from enum import StrEnum
from typing import TypeVar

from app.core.errors import N_, FieldError, Invalid
from app.web.forms_money import NotMoney, parse_cents
from app.web.forms_quantity import NotAQuantity, parse_milli

E = TypeVar("E", bound=StrEnum)
PERCENT = re.compile(r"([+-]?)([0-9]{1,4})(?:[.,]([0-9]{1,2}))?")


class FormReader:
    """Takes values of a form; what cannot be read is collected in `faults` and reads as the least value."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self.faults: list[FieldError] = []

    def cents(self, name: str) -> int:
        """An amount of money (see `parse_cents`)."""
        try:
            return parse_cents(self._values.get(name, ""))
        except NotMoney as error:
            self.faults.append(FieldError(name, str(error)))
            return 0

    def number(self, name: str) -> int:
        """A whole number from 0 on."""
        text = self._values.get(name, "").strip()
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            self.faults.append(FieldError(name, N_("Please enter a whole number.")))
            return 0
        return int(text)

    def milli(self, name: str) -> int:
        """A quantity in thousandths of its unit (see `parse_milli`)."""
        try:
            return parse_milli(self._values.get(name, ""))
        except NotAQuantity as error:
            self.faults.append(FieldError(name, str(error)))
            return 0

    def percent_bp(self, name: str) -> int:
        """A share with at most two decimals, up or down, in basis points: "5", "-3,5", "+2.25 %"."""
        text = self._values.get(name, "").replace("\u2212", "-").strip().removesuffix("%").strip()
        found = PERCENT.fullmatch(text)
        if found is None:
            self.faults.append(FieldError(name, N_("Please enter a share such as 5 or -3.5.")))
            return 0
        share = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
        return -share if found[1] == "-" else share

    def choice(self, name: str, choices: type[E]) -> E:
        """One of the offered values."""
        text = self._values.get(name, "")
        for choice in choices:
            if choice.value == text:
                return choice
        self.faults.append(FieldError(name, N_("Please choose one of the offered values.")))
        return next(iter(choices))

    def check(self) -> None:
        """Raises Invalid with all faults there were."""
        if self.faults:
            message = N_("Please check the entries.")
            raise Invalid(message, code="form.invalid", fields=tuple(self.faults))
