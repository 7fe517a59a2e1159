"""The papers of a contract as PDF: the terms of a version, and an order with the terms it was made under."""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from babel.dates import format_date

from app.core.errors import N_
from app.core.i18n import translate
from app.core.pdf import Column, Paper
from app.core.rendering import LOCALES
from app.ordering.queries_contract import Contract
from app.ordering.rules.charges import charge_name
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.terms_text import Block, BlockKind, read_blocks
from app.ordering.rules.vat_words import exemption_note

TITLE = N_("Terms")
VERSION = N_("Version %(name)s of %(day)s")
ORDER = N_("Order %(number)s")
PLACED = N_("Placed")
ACCEPTED = N_("Accepted")
PROMISED = N_("With you by")
REFERENCE = N_("Your reference")
TERMS_ACCEPTED = N_("Terms accepted")
VERSION_AT = N_("version %(name)s, %(moment)s")
BUNDLE = N_("Bundle")
QUANTITY = N_("Quantity")
NET_PRICE = N_("Net price")
NET_AMOUNT = N_("Net amount")
GOODS = N_("Goods, net")
NET = N_("Net")
VAT = N_("VAT %(rate)s on %(net)s")
TOTAL = N_("Total with VAT")
TOTAL_WITHOUT = N_("Total")
NOT_YET = N_("This is what was ordered; we have not accepted it yet.")
NOT_MADE = N_("This order was cancelled.")
BUSINESS = N_("Ordered for a business (§ 14 BGB), confirmed on %(moment)s.")
PRICED = (Column("", 5), Column("", 1, "right"), Column("", 1.5, "right"), Column("", 1.5, "right"))


@functools.lru_cache(maxsize=32)
def terms_paper(*, name: str, text: str, language: str, created_at: datetime, head: str) -> bytes:
    """The terms of one version as PDF; `head` names the seller at the top of each page.

    A version never changes, so its paper is made once in a process and has the same bytes in each.
    """
    title = translate(language, TITLE)
    day = format_date(created_at, format="long", locale=LOCALES[language])
    version = translate(language, VERSION, name=name, day=day)
    paper = Paper(title=f"{title} · {version}", language=language, made_at=created_at, head=head)
    paper.heading(title)
    paper.paragraph(version, small=True)
    write_terms(paper, text)
    return paper.to_bytes()


def contract_paper(
    contract: Contract,
    *,
    formats: Mapping[str, Callable[..., str]],
    amount: Callable[[int, str], str],
    head: str,
    foot: Sequence[str],
) -> bytes:
    """An order as it was made, with what its bundles held and the whole of the terms accepted with it, as PDF.

    In the language of the order. `formats` are the filters of that language's pages, `amount` says a quantity of a
    unit in words. Section 312i (1) no. 4 BGB: a contract and its terms can be called up and saved.
    """
    order = contract.whole.order
    say = functools.partial(translate, order.language)
    title = say(ORDER, number=order.number)
    paper = Paper(title=title, language=order.language, made_at=order.placed_at, head=head, footer=foot)
    paper.heading(title)
    is_service = order.kind is OrderKind.SERVICE
    accepted_at = formats["datetime"](order.accepted_at) if order.accepted_at else "–"
    facts = [
        (say(PLACED), formats["datetime"](order.placed_at)),
        (say(ACCEPTED), accepted_at),
        # A service has no delivery day.
        *([] if is_service else [(say(PROMISED), formats["weekday_date"](contract.promised_on))]),
        (say(REFERENCE), order.purchase_reference or "–"),
        (
            say(TERMS_ACCEPTED),
            say(VERSION_AT, name=contract.terms.name, moment=formats["datetime"](order.terms_accepted_at)),
        ),
    ]
    paper.beside(_address(contract, formats["country"]), facts)
    if order.state is OrderState.CANCELLED:
        paper.paragraph(say(NOT_MADE), strong=True)
    elif order.accepted_at is None:
        paper.paragraph(say(NOT_YET), strong=True)
    _write_sums(paper, contract, formats=formats, amount=amount)
    paper.paragraph(say(BUSINESS, moment=formats["datetime"](order.business_confirmed_at)), small=True)
    paper.section(f"{title} · {say(TITLE)}")
    paper.heading(say(TITLE))
    day = format_date(contract.terms.created_at, format="long", locale=LOCALES[order.language])
    paper.paragraph(say(VERSION, name=contract.terms.name, day=day), small=True)
    write_terms(paper, contract.terms.text_in(order.language))
    return paper.to_bytes()


def write_terms(paper: Paper, text: str) -> None:
    """The blocks of a text of terms, one below the other."""
    for kind, blocks in itertools.groupby(read_blocks(text), key=lambda block: block.kind):
        if kind is BlockKind.POINT:
            paper.points(block.text for block in blocks)
            continue
        for block in blocks:
            _write(paper, block)


def _address(contract: Contract, country: Callable[..., str]) -> list[str]:
    """The lines of the address that was agreed, whatever change of it was paid for later."""
    order = contract.whole.order
    if contract.first_address:
        line, _, code = contract.first_address.rpartition(", ")
        return [line, country(code)]
    town = f"{order.postal_code} {order.city}"
    return [order.company_name, order.contact_name, order.street, town, country(order.country)]


def _write_sums(
    paper: Paper,
    contract: Contract,
    *,
    formats: Mapping[str, Callable[..., str]],
    amount: Callable[[int, str], str],
) -> None:
    order, money = contract.whole.order, formats["money"]
    say = functools.partial(translate, order.language)
    titles = (say(BUNDLE), say(QUANTITY), say(NET_PRICE), say(NET_AMOUNT))
    rows = []
    for one in contract.lines:
        name = (item.name_de if order.language == "de" else item.name_en for item in one.items)
        held = [
            f"{amount(item.quantity_milli, item.unit_code)} {said}"
            for item, said in zip(one.items, name, strict=True)
        ]
        line = one.line
        rows.append(
            (
                "\n".join([line.name, *(f"– {text}" for text in held)]),
                formats["number"](line.quantity),
                money(line.unit_price_cents),
                money(line.net_cents),
            )
        )
    sums = [(say(GOODS), order.goods_net_cents)]
    for charge in contract.whole.charges:
        called = charge_name(charge.kind, order.language, name=charge.name, quantity=charge.quantity)
        sums.append((called, charge.net_cents))
    sums.append((say(NET), contract.whole.net_cents))
    note = exemption_note(order.vat_case, order.language)
    for tax in () if note else contract.whole.taxes:
        rate = formats["percent_bp"](tax.vat_rate_bp)
        sums.append((say(VAT, rate=rate, net=money(tax.net_cents)), tax.vat_cents))
    rows += [(called, "", "", money(cents)) for called, cents in sums]
    if note:
        rows.append((note, "", "", "–"))
    columns = [
        Column(title, column.share, column.align) for title, column in zip(titles, PRICED, strict=True)
    ]
    paper.table(
        columns, rows, totals=[(say(TOTAL_WITHOUT if note else TOTAL), "", "", money(order.gross_cents))]
    )


def _write(paper: Paper, block: Block) -> None:
    if block.kind is BlockKind.HEADING:
        paper.heading(block.text, level=3)
    else:
        paper.paragraph(block.text)
