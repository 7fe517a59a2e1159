"""What of a document a refund takes back: its gross amount over rates and lines, never more than is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.errors import N_
from app.core.i18n import translate
from app.core.money import BP, divide_half_up, share_bp, split
from app.invoices.rules.document import Document, DocumentCharge, DocumentLine, DocumentTax
from app.invoices.rules.supply import PIECE_UNIT, CannotBuild, Supply, unit_price, within

Key = tuple[str, int]
"""A row of the order, and the rate of its share."""
MOST_DRIFT = BP
"""A cent, in ten-thousandths: so far the VAT that is left may be from the rate's share of the net that is left."""
SHIFTS = (0, 1, -1, 2, -2, 3, -3)


@dataclass(frozen=True, slots=True)
class Piece:
    """So many of an order's line (`source`) go back, for these cents with VAT."""

    source: str
    quantity: int
    gross_cents: int


@dataclass(frozen=True, slots=True)
class Left:
    """What earlier corrections leave of a document: net by row and rate, net and VAT by rate."""

    items: Mapping[Key, int]
    net: Mapping[int, int]
    vat: Mapping[int, int]

    @property
    def gross(self) -> dict[int, int]:
        """What is left at each rate, with VAT."""
        return {rate: self.net[rate] + self.vat[rate] for rate in self.net}


def left_of(original: Document, earlier: Sequence[Document]) -> Left:
    """What of a document is not corrected yet; below zero nowhere, unless the rows were tampered with."""
    items = {_key(one): one.net_cents for one in _items(original)}
    net = {tax.vat_rate_bp: tax.net_cents for tax in original.taxes}
    vat = {tax.vat_rate_bp: tax.vat_cents for tax in original.taxes}
    for correction in earlier:
        for one in _items(correction):
            items[_key(one)] -= one.net_cents
        for tax in correction.taxes:
            net[tax.vat_rate_bp] -= tax.net_cents
            vat[tax.vat_rate_bp] -= tax.vat_cents
    return Left(items, net, vat)


def correction_of(
    original: Document, earlier: Sequence[Document], *, gross_cents: int, pieces: Sequence[Piece] = ()
) -> Supply:
    """The amounts of a correction of so many cents, with VAT.

    Pieces come off their own lines, what else goes back comes off everything pro rata. All that is left, with its
    last cents, is taken back exactly. Until then the VAT of each rate is its share of the net amount, to the cent
    wherever a whole number of cents can be divided so; it is off by one at most, and so is what stays. Raises
    CannotBuild (`invoice.over_corrected`) for more than is left.
    """
    left = left_of(original, earlier)
    most_cents = sum(left.gross.values())
    if not 0 < gross_cents <= most_cents:
        raise CannotBuild(
            N_("The corrections of this invoice would be more than the invoice itself."),
            code="invoice.over_corrected",
        )
    if gross_cents == most_cents:
        items, net, vat = dict(left.items), dict(left.net), dict(left.vat)
    else:
        wanted = _wanted(left, gross_cents, pieces)
        parts = _net_and_vat(left, _by_rate(left, wanted))
        net = {rate: one[0] for rate, one in parts.items()}
        vat = {rate: one[1] for rate, one in parts.items()}
        items = _over_items(left, wanted, net)
    return _as_supply(original, items, net, vat, {piece.source: piece.quantity for piece in pieces})


def _wanted(left: Left, gross_cents: int, pieces: Sequence[Piece]) -> dict[Key, int]:
    """The gross cents that go back for each row and rate: those of the pieces, and the rest pro rata."""
    room = {key: divide_half_up(net * (BP + key[1]), BP) for key, net in left.items.items()}
    wanted = dict.fromkeys(left.items, 0)
    rest = gross_cents
    for piece in pieces:
        keys = [key for key in left.items if key[0] == piece.source]
        cents = min(piece.gross_cents, rest, sum(room[key] for key in keys))
        if keys and cents > 0:
            shares = dict(zip(keys, split(cents, [room[key] for key in keys]), strict=True))
            for key, share in within(shares, room).items():
                wanted[key] += share
                room[key] -= share
                rest -= share
    keys = list(room)
    for key, share in zip(keys, split(rest, [max(0, room[key]) for key in keys]), strict=True):
        wanted[key] += share
    return wanted


def _by_rate(left: Left, wanted: Mapping[Key, int]) -> dict[int, int]:
    by_rate = dict.fromkeys(left.net, 0)
    for (_, rate), cents in wanted.items():
        by_rate[rate] += cents
    return within(by_rate, left.gross)


def _net_and_vat(left: Left, gross: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """Net and VAT by rate; with two rates a cent may pass from one to the other where both divide better then."""
    first, *others = sorted(gross, key=lambda rate: -gross[rate])
    best: dict[int, tuple[int, int]] = {}
    least: tuple[int, int] | None = None
    for shift in SHIFTS if others else (0,):
        tried = dict(gross)
        if shift:
            tried[first] -= shift
            tried[others[0]] += shift
        if any(not 0 <= tried[rate] <= left.gross[rate] for rate in tried):
            continue
        parts = {rate: _divide(cents, rate, left.net[rate], left.vat[rate]) for rate, cents in tried.items()}
        fault = sum(share_bp(net, rate) != vat for rate, (net, vat) in parts.items()), abs(shift)
        if least is None or fault < least:
            least, best = fault, parts
    return best


def _divide(gross_cents: int, rate: int, most_net: int, most_vat: int) -> tuple[int, int]:
    """The net amount and the VAT of a gross amount at one rate, within what is left of both.

    Of the few ways the one whose VAT is the rate's share of its net, as long as that leaves the same for the rest.
    """
    near = divide_half_up(gross_cents * BP, BP + rate)
    least_net, greatest_net = max(0, gross_cents - most_vat), min(most_net, gross_cents)

    def fault(net: int) -> tuple[bool, bool, bool, int]:
        vat = gross_cents - net
        drift = abs((most_vat - vat) * BP - (most_net - net) * rate)
        is_odd = net == most_net and vat != most_vat
        return is_odd, drift > MOST_DRIFT, share_bp(net, rate) != vat, drift

    candidates = {min(max(net, least_net), greatest_net) for net in range(near - 2, near + 3)}
    net = min(sorted(candidates), key=fault)
    return net, gross_cents - net


def _over_items(left: Left, wanted: Mapping[Key, int], net: Mapping[int, int]) -> dict[Key, int]:
    """The net cents of each row: those of its rate, in proportion to what was wanted of it."""
    items: dict[Key, int] = {}
    for rate, cents in net.items():
        keys = [key for key in left.items if key[1] == rate]
        shares = dict(zip(keys, split(cents, [max(0, wanted[key]) for key in keys]), strict=True))
        items |= within(shares, left.items)
    return items


def _as_supply(
    original: Document,
    items: Mapping[Key, int],
    net: Mapping[int, int],
    vat: Mapping[int, int],
    quantities: Mapping[str, int],
) -> Supply:
    language = original.language
    lines = [
        _line(one, cents, quantities.get(one.source, 0), language)
        for one in original.lines
        if (cents := items[_key(one)])
    ]
    charges = [replace(one, net_cents=cents) for one in original.charges if (cents := items[_key(one)])]
    if not lines:
        lines, charges = [_charge_as_line(one) for one in charges], []
    taxes = [
        replace(tax, net_cents=net[tax.vat_rate_bp], vat_cents=vat[tax.vat_rate_bp])
        for tax in original.taxes
        if net[tax.vat_rate_bp] or vat[tax.vat_rate_bp]
    ]
    return Supply(tuple(lines), tuple(charges), tuple(taxes))


def _line(one: DocumentLine, cents: int, quantity: int, language: str) -> DocumentLine:
    """All of a line, so many pieces of it, or an amount off its price."""
    if cents == one.net_cents:
        return one
    if quantity:
        price, of = unit_price(cents, quantity)
        return replace(one, quantity=quantity, price_cents=price, price_quantity=of, net_cents=cents)
    name = translate(language, N_("Price reduction: %(name)s"), name=one.name)
    return replace(
        one, name=name, quantity=1, unit_code=PIECE_UNIT, price_cents=cents, price_quantity=1, net_cents=cents
    )


def _charge_as_line(one: DocumentCharge) -> DocumentLine:
    return DocumentLine(
        name=one.name,
        description="",
        quantity=1,
        unit_code=PIECE_UNIT,
        price_cents=one.net_cents,
        price_quantity=1,
        net_cents=one.net_cents,
        category=one.category,
        vat_rate_bp=one.vat_rate_bp,
        source=one.source,
    )


def _items(document: Document) -> list[DocumentLine | DocumentCharge]:
    return [*document.lines, *document.charges]


def _key(one: DocumentLine | DocumentCharge) -> Key:
    return one.source, one.vat_rate_bp


def totals_left(original: Document, earlier: Sequence[Document]) -> tuple[DocumentTax, ...]:
    """What corrections leave of each rate of a document."""
    left = left_of(original, earlier)
    return tuple(
        replace(tax, net_cents=left.net[tax.vat_rate_bp], vat_cents=left.vat[tax.vat_rate_bp])
        for tax in original.taxes
    )
