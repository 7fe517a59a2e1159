"""The words of the books' pages."""

from app.books.rules.states import ExportState
from app.core.errors import N_
from app.invoices.rules.document import DocumentKind
from app.ordering.rules.vat import VatCase
from app.payments.rules.ledger import MoneyKind

MONEY = {
    MoneyKind.AUTHORISED: N_("Reserved on the card"),
    MoneyKind.CAPTURED: N_("Taken"),
    MoneyKind.RELEASED: N_("Given back unused"),
    MoneyKind.REFUNDED: N_("Paid back"),
    MoneyKind.REFUND_FAILED: N_("Paying back failed"),
    MoneyKind.DISPUTED: N_("Charged back by the bank"),
    MoneyKind.DISPUTE_WON: N_("Chargeback won"),
    MoneyKind.DISPUTE_LOST: N_("Chargeback lost"),
    MoneyKind.FEE: N_("Card fee"),
}
CASES = {
    VatCase.DOMESTIC: N_("Germany"),
    VatCase.INTRA_COMMUNITY: N_("Delivery to an EU company (K)"),
    VatCase.REVERSE_CHARGE: N_("Service to an EU company (AE)"),
    VatCase.EXPORT: N_("Export (G)"),
    VatCase.OUTSIDE: N_("Service outside the EU (O)"),
}
KINDS = {
    DocumentKind.INVOICE: N_("Invoice"),
    DocumentKind.PREPAYMENT: N_("Prepayment invoice"),
    DocumentKind.CORRECTION: N_("Invoice correction"),
}
EXPORTS = {
    ExportState.ASKED: N_("is being made"),
    ExportState.READY: N_("ready"),
    ExportState.FAILED: N_("could not be made"),
    ExportState.GONE: N_("file deleted"),
}
ACTIONS = {
    "books.month_closed": N_("Month closed"),
    "books.exported": N_("Books exported"),
    "papers.deleted": N_("Papers deleted after their time"),
}
OBJECTS = {"month": N_("Month"), "papers": N_("Old papers")}
DONE = {
    "month_closed": N_("The month is closed: no document is dated into it any more."),
    "export_asked": N_("The export is being made; it appears here when it is ready."),
}
