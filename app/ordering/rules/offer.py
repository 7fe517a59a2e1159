"""What stood before the order button, and what is different when the button is pressed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ChangeKind(StrEnum):
    """What can be different between the page and the present moment."""

    LINE_ADDED = "line_added"
    LINE_GONE = "line_gone"
    QUANTITY = "quantity"
    BUNDLE = "bundle"
    PRICE = "price"
    SURCHARGE = "surcharge"
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
    """All that a customer agrees to by pressing the button."""

    lines: tuple[OfferLine, ...]
    charges_net_cents: int
    gross_cents: int
    promised_on: date
    terms_version_id: int


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `bundle_version_id` names the line it is about (None: the whole order)."""

    kind: ChangeKind
    bundle_version_id: int | None = None
    old: int | str | None = None
    new: int | str | None = None


def write_offer(offer: Offer) -> str:
    """The offer as a short text that a form carries; it only ever serves to compare, so it is no secret."""
    lines = [
        [line.bundle_version_id, line.bundle_id, line.quantity, line.unit_price_cents] for line in offer.lines
    ]
    whole = [
        offer.charges_net_cents,
        offer.gross_cents,
        offer.promised_on.isoformat(),
        offer.terms_version_id,
    ]
    return json.dumps([lines, whole], separators=(",", ":"))


def read_offer(text: str) -> Offer | None:
    """The offer that a form carried, or None for a text that is none."""
    try:
        lines, (charges, gross, promised_on, terms) = json.loads(text)
        read = tuple(OfferLine(*(_whole(number) for number in line)) for line in lines)
        return Offer(read, _whole(charges), _whole(gross), date.fromisoformat(promised_on), _whole(terms))
    except (ValueError, TypeError, RecursionError):
        return None


def changes(shown: Offer, present: Offer) -> list[Change]:
    """What is different now, line by line; empty when the customer agreed to exactly what is true now."""
    found = _line_changes(shown.lines, present.lines)
    if shown.charges_net_cents != present.charges_net_cents:
        found.append(Change(ChangeKind.SURCHARGE, old=shown.charges_net_cents, new=present.charges_net_cents))
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
