"""Double entry: what each document, each movement of money and each supply of prepaid goods is booked as."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from app.books.rules.accounts import Accounts
from app.core.money import divide_half_up
from app.invoices.rules.document import DocumentKind
from app.invoices.rules.taxed_on import taxed_on
from app.ordering.rules.vat import VatCase
from app.payments.rules.ledger import MoneyKind


@dataclass(frozen=True, slots=True)
class Tax:
    """A document's part at one rate, in positive cents."""

    vat_rate_bp: int
    net_cents: int
    vat_cents: int

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents


@dataclass(frozen=True, slots=True)
class Paper:
    """An issued document as it is booked. `is_of_prepaid`: a correction of what has not left yet."""

    number: str
    kind: DocumentKind
    issued_on: date
    order_number: str
    company_name: str
    vat_case: VatCase
    vat_id: str
    taxes: tuple[Tax, ...]
    supplied_on: date | None = None
    paid_on: date | None = None
    corrects: str = ""
    is_of_prepaid: bool = False

    @property
    def sign(self) -> int:
        """-1 for a correction, 1 for all others."""
        return -1 if self.kind is DocumentKind.CORRECTION else 1

    @property
    def net_cents(self) -> int:
        return sum(tax.net_cents for tax in self.taxes)

    @property
    def vat_cents(self) -> int:
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents

    @property
    def taxed_on(self) -> date:
        """The day whose month owes the VAT."""
        return taxed_on(
            self.kind,
            self.vat_case,
            issued_on=self.issued_on,
            supplied_on=self.supplied_on,
            paid_on=self.paid_on,
        )


@dataclass(frozen=True, slots=True)
class Money:
    """An event of the ledger as it is booked: positive cents, its kind says the direction."""

    on: date
    kind: MoneyKind
    amount_cents: int
    order_number: str


@dataclass(frozen=True, slots=True)
class Supply:
    """Goods of a prepayment document that left, or a prepaid service that was done: what is left of its amounts."""

    on: date
    number: str
    order_number: str
    vat_case: VatCase
    vat_id: str
    taxes: tuple[Tax, ...]


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount from one account to another: positive cents, gross on automatic accounts."""

    on: date
    debit: int
    credit: int
    amount_cents: int
    voucher: str
    order_number: str
    text: str
    vat_id: str = ""
    supplied_on: date | None = None
    taxed_on: date | None = None


@dataclass(frozen=True, slots=True)
class AccountLine:
    """What one posting does to one account."""

    account: int | str
    debit_cents: int
    credit_cents: int


def book_paper(paper: Paper, accounts: Accounts) -> Iterator[Posting]:
    """The debtor owes what the document says, by rate; a correction takes it back."""
    is_prepaid = paper.kind is DocumentKind.PREPAYMENT or paper.is_of_prepaid
    for tax in paper.taxes:
        if not tax.gross_cents:
            continue
        account = (
            accounts.prepayments(tax.vat_rate_bp)
            if is_prepaid
            else accounts.revenue(paper.vat_case, tax.vat_rate_bp)
        )
        debit, credit = (accounts.debtor, account) if paper.sign > 0 else (account, accounts.debtor)
        yield Posting(
            on=paper.issued_on,
            debit=debit,
            credit=credit,
            amount_cents=tax.gross_cents,
            voucher=paper.number,
            order_number=paper.order_number,
            text=" ".join(filter(None, (paper.corrects, paper.company_name))),
            vat_id=_told_vat_id(paper.vat_case, paper.vat_id),
            supplied_on=paper.supplied_on,
            taxed_on=paper.taxed_on,
        )


def book_supply(supply: Supply, accounts: Accounts) -> Iterator[Posting]:
    """What was held as a prepayment becomes revenue on the day of the supply; the VAT on both sides is the same."""
    for tax in supply.taxes:
        held, revenue = (
            accounts.prepayments(tax.vat_rate_bp),
            accounts.revenue(supply.vat_case, tax.vat_rate_bp),
        )
        # Where corrections took more than there was, the rest goes back.
        debit, credit = (held, revenue) if tax.gross_cents > 0 else (revenue, held)
        if tax.gross_cents:
            yield Posting(
                on=supply.on,
                debit=debit,
                credit=credit,
                amount_cents=abs(tax.gross_cents),
                voucher=supply.number,
                order_number=supply.order_number,
                text=f"Lieferung zu {supply.number}",
                vat_id=_told_vat_id(supply.vat_case, supply.vat_id),
                supplied_on=supply.on,
                taxed_on=supply.on,
            )


def book_money(money: Money, accounts: Accounts) -> Iterator[Posting]:
    """Money between the card clearing account and what it is for; what only reserves money is not booked."""
    sides = _sides(money.kind, accounts)
    if sides is None:
        return
    debit, credit, text = sides
    yield Posting(
        on=money.on,
        debit=debit,
        credit=credit,
        amount_cents=money.amount_cents,
        voucher=money.order_number,
        order_number=money.order_number,
        text=text,
    )


def lines_of(posting: Posting, accounts: Accounts) -> list[AccountLine]:
    """The posting with the VAT that DATEV's automatic accounts take out of it (rounded half up), as on accounts."""
    lines: list[AccountLine] = []
    for account, side in ((posting.debit, 1), (posting.credit, -1)):
        rate_bp = accounts.automatic_bp(account)
        vat_cents = vat_within(posting.amount_cents, rate_bp)
        parts: list[tuple[int | str, int]] = [(account, posting.amount_cents - vat_cents)]
        if vat_cents:
            parts.append((f"vat_{rate_bp}", vat_cents))
        lines += [AccountLine(to, cents if side > 0 else 0, cents if side < 0 else 0) for to, cents in parts]
    return lines


def vat_within(gross_cents: int, rate_bp: int) -> int:
    """The VAT inside a gross amount, rounded half up.

    It is what was rounded half up from the net before: net and rate give at most half a cent of difference, and the
    division by more than one makes it smaller.
    """
    return divide_half_up(gross_cents * rate_bp, 10_000 + rate_bp) if rate_bp else 0


def _sides(kind: MoneyKind, accounts: Accounts) -> tuple[int, int, str] | None:
    """Debit, credit and the words (German: the bookkeeper's file is); a dispute that is lost costs its amount."""
    clearing, debtor, waiting = accounts.card_clearing, accounts.debtor, accounts.chargebacks
    return {
        MoneyKind.CAPTURED: (clearing, debtor, "Kartenzahlung"),
        MoneyKind.REFUNDED: (debtor, clearing, "Rückzahlung auf Karte"),
        MoneyKind.REFUND_FAILED: (clearing, debtor, "Rückzahlung misslungen"),
        MoneyKind.DISPUTED: (waiting, clearing, "Rückbelastung der Bank"),
        MoneyKind.DISPUTE_WON: (clearing, waiting, "Rückbelastung gewonnen"),
        MoneyKind.DISPUTE_LOST: (accounts.losses, waiting, "Rückbelastung verloren"),
        MoneyKind.FEE: (accounts.card_fees, clearing, "Gebühr Kartenzahlung"),
    }.get(kind)


def _told_vat_id(case: VatCase, vat_id: str) -> str:
    """The customer's VAT id where the recapitulative statement asks for it."""
    return vat_id if case in (VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE) else ""
