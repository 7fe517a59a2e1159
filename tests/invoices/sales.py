"""Random orders as their documents see them: priced by the shop's own rule, from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from app.core.money import split
from app.invoices.rules.building import OrderFacts, RefundFacts, correction_document, invoice_of
from app.invoices.rules.correcting import Piece
from app.invoices.rules.document import Document, DocumentKind, PaidByCard, Party, SellerFacts
from app.invoices.rules.supply import SoldCharge, SoldLine, SoldPart
from app.ordering.rules.pricing import ChargeKind, PricedCharge, PricedLine, RatePart, Totals, price_order
from app.ordering.rules.vat import VatCase

SELLER = Party(
    "Kessler Industriebedarf GmbH",
    "Werkhof 4",
    "04177",
    "Leipzig",
    "DE",
    vat_id="DE123456788",
    contact_name="schlicht.",
    email="kontakt@schlicht.example",
    phone="+49 30 23125 100",
)
SELLER_FACTS = SellerFacts(
    "schlicht.", "GmbH", "231/100/00000", "Amtsgericht Leipzig", "HRB 00000", "Ada Kessler"
)
BUYERS = {
    VatCase.DOMESTIC: Party("Probst Werkstatt GmbH", "Gartenweg 3", "04109", "Leipzig", "DE", "DE111111125"),
    VatCase.INTRA_COMMUNITY: Party("Huber & Söhne OG", "Ring 1", "1010", "Wien", "AT", "ATU13585627"),
    VatCase.REVERSE_CHARGE: Party("Janssen B.V.", "Kade 5", "1011 AB", "Amsterdam", "NL", "NL004495445B01"),
    VatCase.EXPORT: Party("Rüegg <Metall> AG", "Seestrasse 9", "8001", "Zürich", "CH"),
    VatCase.OUTSIDE: Party('Smith "Tools" Ltd', "1 High Street", "SW1A 1AA", "London", "GB"),
}
CHARGE_KINDS = (
    ChargeKind.LOW_QUANTITY,
    ChargeKind.LOW_LINE,
    ChargeKind.INTERIM_ORDER,
    ChargeKind.EFFORT_FEE,
)
DAY = date(2026, 11, 10)


@dataclass(frozen=True)
class Sale:
    """What was bought, as the shop priced it."""

    case: VatCase
    lines: tuple[PricedLine, ...]
    charges: tuple[PricedCharge, ...]
    totals: Totals


def a_sale(random: Random, case: VatCase | None = None) -> Sale:
    """Goods with charges, or a service: one to six lines, one to three rates in each, prices of all sizes."""
    case = case or random.choice(list(VatCase))
    if case in (VatCase.REVERSE_CHARGE, VatCase.OUTSIDE) or random.random() < 0.15:
        quantity = random.randint(1, 8)
        charge = PricedCharge(
            ChargeKind.SPECIAL_SERVICE,
            quantity * random.randint(50, 20_000),
            name="Telefonhilfe je 15 Minuten",
            quantity=quantity,
            vat_rate_bp=random.choice((1900, 1900, 700)),
        )
        lines: tuple[PricedLine, ...] = ()
        charges: tuple[PricedCharge, ...] = (charge,)
        if case in (VatCase.INTRA_COMMUNITY, VatCase.EXPORT):
            case = VatCase.REVERSE_CHARGE
    else:
        lines = tuple(_a_line(random) for _ in range(random.randint(1, 6)))
        kinds = [kind for kind in CHARGE_KINDS if random.random() < 0.3]
        charges = tuple(PricedCharge(kind, random.randint(1, 5_000)) for kind in kinds)
    return Sale(case, lines, charges, price_order(lines, charges=charges, vat_case=case))


def _a_line(random: Random) -> PricedLine:
    rates = random.choice(((1900,), (1900,), (700,), (1900, 700), (700, 1900), (1900, 700, 0), (0,)))
    parts = tuple(RatePart(rate, random.choice((0, 1, random.randint(1, 10**6)))) for rate in rates)
    return PricedLine(random.randint(1, 60), random.choice((1, 7, random.randint(1, 99_999))), parts)


def facts_of(sale: Sale, *, number: str = "B-1", language: str = "de") -> OrderFacts:
    """The sale as a paid and dispatched order."""
    lines = tuple(_sold(one, position) for position, one in enumerate(sale.lines, start=1))
    charges = tuple(
        SoldCharge(
            f"charge:{position}",
            one.kind,
            one.name or one.kind.value.replace("_", " "),
            one.net_cents,
            one.quantity,
            one.vat_rate_bp,
        )
        for position, one in enumerate(sale.charges, start=1)
    )
    buyer = BUYERS[sale.case]
    return OrderFacts(
        number=number,
        language=language,
        currency="EUR",
        case=sale.case,
        gross_cents=sale.totals.gross_cents,
        ordered_on=DAY - timedelta(days=8),
        supplied_on=DAY,
        expected_on=DAY + timedelta(days=9),
        purchase_reference="PO 4711",
        buyer_reference="",
        seller=SELLER,
        seller_facts=SELLER_FACTS,
        buyer=replace(buyer, email="einkauf@probst.example"),
        ship_to=buyer if sale.lines else None,
        lines=lines,
        charges=charges,
        taxes=sale.totals.taxes,
        paid=PaidByCard(DAY - timedelta(days=8), sale.totals.gross_cents, "visa", "4242"),
    )


def _sold(line: PricedLine, position: int) -> SoldLine:
    weights: dict[int, int] = {}
    for part in line.parts:
        weights[part.vat_rate_bp] = weights.get(part.vat_rate_bp, 0) + part.reference_price_cents
    shares = zip(weights, split(line.net_cents, list(weights.values())), strict=True)
    parts = tuple(SoldPart(rate, cents, f"2 × Block {rate}, 0,5 kg Fett") for rate, cents in shares)
    return SoldLine(
        f"line:{position}", f"Paket Nr. {position} für Öl & Gas", line.quantity, line.net_cents, parts
    )


def an_invoice(sale: Sale, *, number: str = "RE-2026-000001", language: str = "de") -> Document:
    """The sale's invoice."""
    return invoice_of(
        facts_of(sale, language=language), kind=DocumentKind.INVOICE, number=number, issued_on=DAY
    )


def corrections(
    original: Document, amounts: Sequence[tuple[int, tuple[Piece, ...]]], *, start: int = 1
) -> list[Document]:
    """The corrections of an invoice for refunds of so many cents each, one after the other."""
    found: list[Document] = []
    for count, (cents, pieces) in enumerate(amounts, start=start):
        paid_back = PaidByCard(DAY + timedelta(days=count), cents, "visa", "4242")
        facts = RefundFacts(original, tuple(found), cents, pieces, "Refund", paid_back)
        number = f"RK-2026-{count:06d}"
        found.append(correction_document(facts, number=number, issued_on=DAY + timedelta(days=count)))
    return found


def some_refunds(random: Random, original: Document) -> list[tuple[int, tuple[Piece, ...]]]:
    """Refunds that take an invoice back, some to its last cent: of pieces, of amounts, of both."""
    left = original.gross_cents
    found: list[tuple[int, tuple[Piece, ...]]] = []
    while left and len(found) < random.randint(1, 5):
        cents = left if random.random() < 0.3 else random.randint(1, left)
        pieces: tuple[Piece, ...] = ()
        if random.random() < 0.5:
            line = random.choice(original.lines)
            of_it = random.randint(1, cents)
            pieces = (Piece(line.source, random.randint(1, line.quantity), of_it),)
        found.append((cents, pieces))
        left -= cents
    return found
