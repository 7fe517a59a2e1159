"""How an invoice speaks on paper: its words, amounts, dates and quantities in the language of the document."""

import functools
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from app.core.errors import N_
from app.core.i18n import translate
from app.core.rendering import LOCALES
from app.invoices.rules.document import (
    Document,
    DocumentCharge,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Party,
)

GOODS_UNIT = "SET"
UNITS = {
    "SET": (N_("set"), N_("sets")),
    "C62": (N_("unit"), N_("units")),
    "H87": (N_("piece"), N_("pieces")),
    "HUR": (N_("hour"), N_("hours")),
    "WEE": (N_("week"), N_("weeks")),
}
"""The words of UN/ECE Rec. 20 and 21 on our invoices; any other unit stands there by its code."""
TITLES = {
    DocumentKind.INVOICE: N_("Invoice %(number)s"),
    DocumentKind.PREPAYMENT: N_("Prepayment invoice %(number)s"),
    DocumentKind.CORRECTION: N_("Invoice correction %(number)s"),
}
GROSS = {
    DocumentKind.INVOICE: N_("Invoice total with VAT"),
    DocumentKind.PREPAYMENT: N_("Invoice total with VAT"),
    DocumentKind.CORRECTION: N_("Correction total with VAT"),
}
PAID = (
    N_("Paid on %(day)s by card"),
    N_("Paid on %(day)s by card, ending in %(last4)s"),
    N_("Paid on %(day)s by card (%(brand)s), ending in %(last4)s"),
)
PAID_BACK = (
    N_("Paid back on %(day)s to the card"),
    N_("Paid back on %(day)s to the card ending in %(last4)s"),
    N_("Paid back on %(day)s to the card (%(brand)s) ending in %(last4)s"),
)


class PaperWords:
    """The words of one document; every text is translated already."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._locale = LOCALES[document.language]
        self.say = functools.partial(translate, document.language)
        self.title = self.say(TITLES[document.kind], number=document.number)

    @property
    def is_correction(self) -> bool:
        return self._document.kind is DocumentKind.CORRECTION

    def money(self, cents: int) -> str:
        """An amount with its currency."""
        amount = Decimal(cents).scaleb(-2)
        return format_currency(amount, self._document.currency, locale=self._locale)

    def day(self, day: date) -> str:
        """A day with the name of its month, as the other papers say it."""
        return format_date(day, format="long", locale=self._locale)

    def rate(self, one: DocumentLine | DocumentCharge | DocumentTax) -> str:
        """A VAT rate in per cent; a dash for an item that is not subject to VAT, which has none."""
        if one.category == "O" and not isinstance(one, DocumentTax):
            return "–"
        return format_percent(one.vat_rate_bp / 10_000, format="#,##0.##\u00a0%", locale=self._locale)

    def quantity(self, line: DocumentLine, count: int) -> str:
        """A number of a line's units."""
        one, several = UNITS.get(line.unit_code, ("", ""))
        unit = self.say(one if count == 1 else several) if one else line.unit_code
        return f"{format_decimal(count, locale=self._locale)} {unit}"

    def price(self, line: DocumentLine) -> str:
        """The net price of one unit, or of as many as it is asked for."""
        price = self.money(line.price_cents)
        if line.price_quantity == 1:
            return price
        return self.say(N_("%(price)s for %(count)s"), price=price, count=line.price_quantity)

    def place(self, party: Party, *, home: str) -> list[str]:
        """The lines of an address below the name; abroad (seen from `home`) the country stands last, in capitals."""
        town = f"{party.postal_code} {party.city}".strip()
        lines = [party.street, town]
        if party.country != home:
            lines.append(
                str(Locale.parse(self._locale).territories.get(party.country, party.country)).upper()
            )
        return [line for line in lines if line]

    def paid(self) -> str:
        """When and with which card it was paid, or given back by a correction."""
        paid = self._document.paid
        assert paid is not None
        texts = PAID_BACK if self.is_correction else PAID
        text = texts[0 if not paid.card_last4 else 2 if paid.card_brand else 1]
        brand = paid.card_brand.title()
        return self.say(text, day=self.day(paid.paid_on), last4=paid.card_last4, brand=brand)

    def facts(self) -> Iterator[tuple[str, str]]:
        """What stands beside the address: label and value; nothing that is empty."""
        document, say = self._document, self.say
        is_goods = any(line.unit_code == GOODS_UNIT for line in document.lines)
        for label, value in (
            (N_("Correction number") if self.is_correction else N_("Invoice number"), document.number),
            (
                N_("Correction date") if self.is_correction else N_("Invoice date"),
                self.day(document.issued_on),
            ),
            (
                N_("Delivered on") if is_goods else N_("Rendered on"),
                self.day(document.supplied_on) if document.supplied_on else "",
            ),
            (N_("Delivery expected"), self.day(document.expected_on) if document.expected_on else ""),
            (N_("For invoice"), document.original.number if document.original else ""),
            (N_("Order"), document.order_number),
            (N_("Ordered on"), self.day(document.ordered_on)),
            (N_("Your reference"), document.purchase_reference),
            (N_("Buyer's reference"), document.buyer_reference),
            (N_("E-mail to"), document.buyer.email),
            (N_("Your VAT id"), document.buyer.vat_id),
            (N_("Our VAT id"), document.seller.vat_id),
            (N_("Our tax number"), document.seller_facts.tax_number),
        ):
            if value:
                yield say(label), value


def full_name(name: str, legal_form: str) -> str:
    """A company's name with its legal form, which it may hold already."""
    return name if not legal_form or name.endswith(legal_form) else f"{name} {legal_form}"
