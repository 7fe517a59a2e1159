"""What was sold, as lines and charges of a document: one for each VAT rate, to the cent as the order has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from app.core.errors import N_, Refused
from app.core.i18n import translate
from app.core.money import split
from app.invoices.rules.document import DocumentCharge, DocumentLine, DocumentTax
from app.invoices.rules.words import name_of_part
from app.ordering.rules.pricing import ChargeKind, TaxPart
from app.ordering.rules.vat import VatCase, category

K = TypeVar("K")

BUNDLE_UNIT = "SET"
PIECE_UNIT = "C62"

REASON_CODES = {
    ChargeKind.LOW_QUANTITY: "AEL",
    ChargeKind.LOW_LINE: "AEL",
    ChargeKind.INTERIM_ORDER: "AEL",
    ChargeKind.EFFORT_FEE: "ABK",
}
"""Charge reasons (UNTDID 7161): small order processing, and miscellaneous."""

EXEMPTIONS = {
    VatCase.INTRA_COMMUNITY: (
        "VATEX-EU-IC",
        N_("Intra-Community supply, exempt from VAT (section 4 no. 1 b, section 6 a UStG)"),
    ),
    VatCase.REVERSE_CHARGE: (
        "VATEX-EU-AE",
        N_(
            "Reverse charge: the recipient owes the VAT (section 13 b UStG, Article 196 Directive 2006/112/EC)"
        ),
    ),
    VatCase.EXPORT: (
        "VATEX-EU-G",
        N_("Export outside the EU, exempt from VAT (section 4 no. 1 a, section 6 UStG)"),
    ),
    VatCase.OUTSIDE: ("VATEX-EU-O", N_("Not subject to German VAT (section 3 a (2) UStG)")),
}
"""Why there is no VAT: the code of the VATEX list, and the words that § 14 (4) no. 8 and § 14 a UStG ask for."""


class CannotBuild(Refused):
    """These facts make no document; a person has to look."""


@dataclass(frozen=True, slots=True)
class SoldPart:
    """The share of a line at one rate, and what of the bundle it is."""

    vat_rate_bp: int
    net_cents: int
    contents: str


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order with its shares by rate; `source` names its row."""

    source: str
    name: str
    quantity: int
    net_cents: int
    parts: tuple[SoldPart, ...]


@dataclass(frozen=True, slots=True)
class SoldCharge:
    """A charge of an order; without a rate of its own it follows the goods."""

    source: str
    kind: ChargeKind
    name: str
    net_cents: int
    quantity: int = 1
    vat_rate_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """The amounts of a document."""

    lines: tuple[DocumentLine, ...]
    charges: tuple[DocumentCharge, ...]
    taxes: tuple[DocumentTax, ...]


def supply_of(
    lines: Sequence[SoldLine],
    charges: Sequence[SoldCharge],
    taxes: Sequence[TaxPart],
    *,
    case: VatCase,
    language: str,
) -> Supply:
    """An order's amounts as those of a document, whose sums by rate are exactly those of the order (`taxes`).

    A bundle of two rates becomes a line for each. What is a service, and every charge where no goods are, becomes a
    line (EN 16931 wants one, BR-16), other charges stay charges, one for each rate. Raises CannotBuild
    (`invoice.sums`) where the order's parts do not add up to its VAT amounts.
    """
    if case is not VatCase.DOMESTIC:
        lines = [_in_one(line) for line in lines]
        charges = [_at_rate(charge, 0) for charge in charges]
    shares = _shares(lines, charges, taxes)
    found = [one for line in lines for one in _lines_of(line, case=case, language=language)]
    beside: list[DocumentCharge] = []
    for charge, by_rate in zip(charges, shares, strict=True):
        if charge.kind is ChargeKind.SPECIAL_SERVICE or not lines:
            found += _charge_as_lines(charge, by_rate, case=case, language=language)
        else:
            beside += [
                DocumentCharge(
                    charge.name, REASON_CODES[charge.kind], cents, category(case, rate), rate, charge.source
                )
                for rate, cents in by_rate.items()
                if cents
            ]
    if not found:
        raise CannotBuild(N_("There is nothing to invoice in this order."), code="invoice.empty")
    return Supply(tuple(found), tuple(beside), taxes_of(taxes, case=case, language=language))


def taxes_of(taxes: Sequence[TaxPart], *, case: VatCase, language: str) -> tuple[DocumentTax, ...]:
    """The VAT breakdown: greatest rate first, with the reason where there is none."""
    code, note = EXEMPTIONS.get(case, ("", ""))
    said = translate(language, note) if note else ""
    kept = [tax for tax in taxes if tax.net_cents or tax.vat_cents]
    kept.sort(key=lambda tax: -tax.vat_rate_bp)
    return tuple(
        DocumentTax(
            category(case, tax.vat_rate_bp), tax.vat_rate_bp, tax.net_cents, tax.vat_cents, code, said
        )
        for tax in kept
    )


def unit_price(net_cents: int, quantity: int) -> tuple[int, int]:
    """A price and for how many it is, so that both make the net amount exactly: 33.33 for 2, where a half is none."""
    return (net_cents // quantity, 1) if net_cents % quantity == 0 else (net_cents, quantity)


def apportion(rows: Sequence[int], columns: Mapping[int, int]) -> list[dict[int, int]]:
    """Each row's amount over the columns, pro rata, so that every row and every column adds up to the cent.

    Both must have the same sum; no cell is negative.
    """
    if sum(rows) != sum(columns.values()) or min([*rows, *columns.values()], default=0) < 0:
        raise ValueError("rows and columns must be positive and have one sum")
    left = dict(columns)
    found = []
    for amount in rows:
        names = list(left)
        shares = split(amount, [left[name] for name in names]) if names else []
        found.append(within(dict(zip(names, shares, strict=True)), left))
        for name, cents in found[-1].items():
            left[name] -= cents
    return found


def within(shares: dict[K, int], room: Mapping[K, int]) -> dict[K, int]:
    """The shares, with every cent that does not fit where it was put moved to where it does."""
    over = 0
    for name, cents in shares.items():
        kept = min(max(cents, 0), room[name])
        over += cents - kept
        shares[name] = kept
    for name in shares:
        moved = min(over, room[name] - shares[name]) if over > 0 else max(over, -shares[name])
        shares[name] += moved
        over -= moved
    return shares


def _shares(
    lines: Sequence[SoldLine], charges: Sequence[SoldCharge], taxes: Sequence[TaxPart]
) -> list[dict[int, int]]:
    """What each charge has at each rate."""
    left = {tax.vat_rate_bp: tax.net_cents for tax in taxes}
    for line in lines:
        for part in line.parts:
            left[part.vat_rate_bp] = left.get(part.vat_rate_bp, 0) - part.net_cents
    for charge in charges:
        if charge.vat_rate_bp is not None:
            left[charge.vat_rate_bp] = left.get(charge.vat_rate_bp, 0) - charge.net_cents
    following = [charge.net_cents for charge in charges if charge.vat_rate_bp is None]
    try:
        shares = iter(apportion(following, left))
    except ValueError as error:
        raise CannotBuild(
            N_("The parts of this order do not add up to its VAT amounts."), code="invoice.sums"
        ) from error
    return [
        next(shares) if charge.vat_rate_bp is None else {charge.vat_rate_bp: charge.net_cents}
        for charge in charges
    ]


def _lines_of(line: SoldLine, *, case: VatCase, language: str) -> list[DocumentLine]:
    parts = [part for part in line.parts if part.net_cents] or list(line.parts[:1])
    found = []
    for part in sorted(parts, key=lambda part: -part.vat_rate_bp):
        price, of = unit_price(part.net_cents, line.quantity)
        found.append(
            DocumentLine(
                name=line.name if len(parts) == 1 else name_of_part(line.name, part.vat_rate_bp, language),
                description=part.contents,
                quantity=line.quantity,
                unit_code=BUNDLE_UNIT,
                price_cents=price,
                price_quantity=of,
                net_cents=part.net_cents,
                category=category(case, part.vat_rate_bp),
                vat_rate_bp=part.vat_rate_bp,
                source=line.source,
            )
        )
    return found


def _charge_as_lines(
    charge: SoldCharge, by_rate: Mapping[int, int], *, case: VatCase, language: str
) -> list[DocumentLine]:
    rates = [rate for rate, cents in by_rate.items() if cents]
    found = []
    for rate in sorted(rates, reverse=True):
        price, of = unit_price(by_rate[rate], charge.quantity)
        found.append(
            DocumentLine(
                name=charge.name if len(rates) == 1 else name_of_part(charge.name, rate, language),
                description="",
                quantity=charge.quantity,
                unit_code=PIECE_UNIT,
                price_cents=price,
                price_quantity=of,
                net_cents=by_rate[rate],
                category=category(case, rate),
                vat_rate_bp=rate,
                source=charge.source,
            )
        )
    return found


def _in_one(line: SoldLine) -> SoldLine:
    contents = ", ".join(part.contents for part in line.parts if part.contents)
    return SoldLine(
        line.source, line.name, line.quantity, line.net_cents, (SoldPart(0, line.net_cents, contents),)
    )


def _at_rate(charge: SoldCharge, rate: int) -> SoldCharge:
    return SoldCharge(charge.source, charge.kind, charge.name, charge.net_cents, charge.quantity, rate)
