"""What stood before the order button, and what is different when the button is pressed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.vat import VatCase


class ChangeKind(StrEnum):
    """What can be different between the page and the present moment."""

    LINE_ADDED = "line_added"
    LINE_GONE = "line_gone"
    QUANTITY = "quantity"
    BUNDLE = "bundle"
    PRICE = "price"
    RHYTHM = "rhythm"
    SURCHARGE = "surcharge"
    VAT = "vat"
    TOTAL = "total"
    PROMISE = "promise"
    TERMS = "terms"


@dataclass(frozen=True, slots=True)
class OfferLine:
    """A bundle version and its count at its net price."""

    bundle_version_id: int
    bundle_id: int
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class Offer:
    """All that a customer agrees to by pressing the button; `joins` names the order whose parcel takes it."""

    lines: tuple[OfferLine, ...]
    charges_net_cents: int
    gross_cents: int
    promised_on: date
    terms_version_id: int
    rhythm: RhythmChoice = RhythmChoice.NORMAL
    joins: str = ""
    vat_case: VatCase = VatCase.DOMESTIC


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `bundle_version_id` names the line it is about (None: the whole order)."""

    kind: ChangeKind
    bundle_version_id: int | None = None
    old: int | str | None = None
    new: int | str | None = None


def write_offer(*offers: Offer) -> str:
    """Offers of the same lines and terms as a short text that a form carries, what holds without a choice first.

    It only ever serves to compare, so it is no secret.
    """
    first = offers[0]
    lines = [
        [line.bundle_version_id, line.bundle_id, line.quantity, line.unit_price_cents] for line in first.lines
    ]
    ways = [
        [
            offer.rhythm.value,
            offer.joins,
            offer.charges_net_cents,
            offer.gross_cents,
            offer.promised_on.isoformat(),
            offer.vat_case.value,
        ]
        for offer in offers
    ]
    return json.dumps([lines, first.terms_version_id, ways], separators=(",", ":"))


def read_offer(text: str, choice: RhythmChoice | None = None) -> Offer | None:
    """The offer of a choice (None: the first) that a form carried, or None for a text that holds none of it."""
    try:
        lines, terms, ways = json.loads(text)
        read = tuple(OfferLine(*(_whole(number) for number in line)) for line in lines)
        for rhythm, joins, charges, gross, promised_on, vat in ways:
            if choice is None or choice == rhythm:
                return Offer(
                    read,
                    _whole(charges),
                    _whole(gross),
                    date.fromisoformat(promised_on),
                    _whole(terms),
                    RhythmChoice(rhythm),
                    _text(joins),
                    VatCase(vat),
                )
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def changes(shown: Offer, present: Offer) -> list[Change]:
    """What is different now, line by line; empty when the customer agreed to exactly what is true now."""
    found = _line_changes(shown.lines, present.lines)
    if shown.rhythm is not present.rhythm:
        found.append(Change(ChangeKind.RHYTHM, old=shown.rhythm.value, new=present.rhythm.value))
    elif shown.joins != present.joins:
        found.append(Change(ChangeKind.RHYTHM, old=shown.joins, new=present.joins))
    if shown.charges_net_cents != present.charges_net_cents:
        found.append(Change(ChangeKind.SURCHARGE, old=shown.charges_net_cents, new=present.charges_net_cents))
    if shown.vat_case is not present.vat_case:
        found.append(Change(ChangeKind.VAT, old=shown.vat_case.value, new=present.vat_case.value))
    if shown.gross_cents != present.gross_cents:
        found.append(Change(ChangeKind.TOTAL, old=shown.gross_cents, new=present.gross_cents))
    if shown.promised_on != present.promised_on:
        found.append(
            Change(ChangeKind.PROMISE, old=shown.promised_on.isoformat(), new=present.promised_on.isoformat())
        )
    if shown.terms_version_id != present.terms_version_id:
        found.append(Change(ChangeKind.TERMS))
    return found


def _line_changes(shown: Sequence[OfferLine], present: Sequence[OfferLine]) -> list[Change]:
    before = {line.bundle_id: line for line in shown}
    after = {line.bundle_id: line for line in present}
    found = [
        Change(ChangeKind.LINE_GONE, line.bundle_version_id) for line in shown if line.bundle_id not in after
    ]
    for line in present:
        old = before.get(line.bundle_id)
        if old is None:
            found.append(Change(ChangeKind.LINE_ADDED, line.bundle_version_id, new=line.quantity))
            continue
        if old.quantity != line.quantity:
            found.append(Change(ChangeKind.QUANTITY, line.bundle_version_id, old.quantity, line.quantity))
        if old.unit_price_cents != line.unit_price_cents:
            found.append(
                Change(ChangeKind.PRICE, line.bundle_version_id, old.unit_price_cents, line.unit_price_cents)
            )
        elif old.bundle_version_id != line.bundle_version_id:
            found.append(Change(ChangeKind.BUNDLE, line.bundle_version_id))
    return found


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError("not a whole number")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
