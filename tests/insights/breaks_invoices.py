"""How each invariant of documents is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.conftest import Hand

COLUMNS = (
    "issued_at, issued_on, supplied_on, paid_on, language, currency, vat_case, net_cents, vat_cents, gross_cents,"
    " buyer_name, buyer_vat_id, buyer_country, document, report, xml, xml_sha256, pdf, pdf_sha256, retain_until"
)


def changing(statement: str) -> Callable[[Hand], None]:
    """A break that changes what no one may change."""

    def act(hand: Hand) -> None:
        for table in ("invoices", "invoice_taxes"):
            hand.drop_triggers(table)
        hand.run(statement)

    return act


def _corrected(hand: Hand, *, times: int) -> None:
    """So many corrections of all of the invoice, of no refund."""
    for count in range(times):
        number = f"RK-2026-{count + 1:06d}"
        hand.run(
            f"INSERT INTO invoices (number, kind, order_id, customer_id, corrects_id, {COLUMNS})"
            f" SELECT '{number}', 'correction', order_id, customer_id, id, {COLUMNS} FROM invoices"
            " WHERE kind = 'invoice'"
        )
        hand.run(
            "INSERT INTO invoice_taxes (invoice_id, category, vat_rate_bp, net_cents, vat_cents)"
            " SELECT c.id, t.category, t.vat_rate_bp, t.net_cents, t.vat_cents FROM invoices c"
            " JOIN invoice_taxes t ON t.invoice_id = c.corrects_id WHERE c.number = :number",
            number=number,
        )


def _corrected_too_often(hand: Hand) -> None:
    _corrected(hand, times=2)


def _corrected_for_nothing(hand: Hand) -> None:
    _corrected(hand, times=1)


def _issued_before_the_one_before(hand: Hand) -> None:
    hand.drop_triggers("invoices")
    hand.run("DROP INDEX uq_invoices_one_per_order")
    hand.run(
        f"INSERT INTO invoices (number, kind, order_id, customer_id, {COLUMNS})"
        f" SELECT 'RE-2026-000000', kind, order_id, customer_id, {COLUMNS} FROM invoices"
    )
    hand.run(
        "UPDATE invoices SET issued_at = (SELECT max(expires_at) FROM payments) WHERE number = 'RE-2026-000000'"
    )


def _forgotten_for_a_month(hand: Hand) -> None:
    hand.run("UPDATE invoice_drafts SET order_id = :accepted")
    hand.run("UPDATE orders SET dispatched_at = '2026-02-01 00:00:00.000000' WHERE id = :dispatched")


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "document_numbers_have_no_gap": (
        changing("UPDATE invoices SET number = 'RE-2026-000003'"),
        "gave 1 numbers, but there are 1 documents from 3 to 3",
    ),
    "documents_never_go_back_in_time": (
        _issued_before_the_one_before,
        "before the document that precedes it",
    ),
    "an_invoice_is_its_order": (
        changing("UPDATE invoice_taxes SET net_cents = net_cents - 1, vat_cents = vat_cents + 1"),
        "1 rates differ",
    ),
    "the_rates_of_a_document_add_up": (
        changing("UPDATE invoice_taxes SET vat_cents = vat_cents + 1"),
        "cents, its rates",
    ),
    "corrections_never_exceed_their_invoice": (_corrected_too_often, "went back"),
    "a_correction_is_its_refund": (_corrected_for_nothing, "the refund it stands for is None"),
    "a_document_has_its_draft": (
        changing("UPDATE invoice_drafts SET state = 'waiting' WHERE state = 'issued'"),
        "says that it was issued",
    ),
    "issued_bytes_are_kept": (
        changing("UPDATE invoices SET xml_sha256 = pdf_sha256"),
        "The XML of RE-2026-000001 is not what was issued",
    ),
    "what_is_delivered_is_invoiced": (
        _forgotten_for_a_month,
        "no invoice of it is written or waits",
    ),
}
