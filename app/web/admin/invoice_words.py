"""What the desk calls documents, what becomes one, and what is written down about them."""

from typing import NamedTuple

from app.core.errors import N_
from app.invoices.rules.document import DocumentKind, DraftState


class Word(NamedTuple):
    """A label (not translated yet) and the tone of its badge."""

    label: str
    tone: str = ""


ISSUED = N_("Issued")
KINDS = {
    DocumentKind.INVOICE: N_("Invoice"),
    DocumentKind.PREPAYMENT: N_("Prepayment invoice"),
    DocumentKind.CORRECTION: N_("Invoice correction"),
}
DRAFTS = {
    DraftState.WAITING: Word(N_("Waiting")),
    DraftState.BLOCKED: Word(N_("Blocked"), "bad"),
    DraftState.ISSUED: Word(ISSUED, "ok"),
}
MAIL_KINDS = {
    "invoice": N_("Invoice"),
    "credit_note": N_("Invoice correction"),
}
ACTIONS = {
    "billing.changed": N_("Billing details changed"),
    "invoice.draft_changed": N_("Billing details of an order changed"),
    "invoice.issued": N_("Document issued"),
    "invoice.tried_again": N_("Document tried again"),
    "invoice.sent_again": N_("Invoice sent once more"),
}
DONE = {
    "draft_retried": N_("Tried again: in a moment it is issued, or says why not."),
    "draft_changed": N_("Saved. They stand on the document once it is issued."),
}
