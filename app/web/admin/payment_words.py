"""Refunds and disputes on the staff's pages: their words, and how they read on timelines, in the log and as e-mails."""

from app.core.errors import N_
from app.payments.rules.disputes import WarningDecision
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.staff_refunds import RequestState

REQUESTS = {
    RequestState.WAITING: (N_("waits for a second person"), "signal"),
    RequestState.GRANTED: (N_("granted"), "ok"),
    RequestState.DECLINED: (N_("declined"), ""),
}
LEDGER = {
    MoneyKind.AUTHORISED: N_("Reserved on the card"),
    MoneyKind.CAPTURED: N_("Charged"),
    MoneyKind.RELEASED: N_("Reservation released"),
    MoneyKind.REFUNDED: N_("Paid back"),
    MoneyKind.REFUND_FAILED: N_("Refund came back"),
    MoneyKind.DISPUTED: N_("Taken by the card's bank"),
    MoneyKind.DISPUTE_WON: N_("Dispute won"),
    MoneyKind.DISPUTE_LOST: N_("Dispute lost"),
    MoneyKind.FEE: N_("Fee of the card service"),
}
EVIDENCE = {
    "product_description": N_("What was ordered"),
    "customer_name": N_("Who ordered"),
    "customer_email_address": N_("E-mail address"),
    "billing_address": N_("Billing address"),
    "shipping_address": N_("Delivery address"),
    "shipping_date": N_("Left us on"),
    "shipping_carrier": N_("Carrier"),
    "shipping_tracking_number": N_("Tracking code"),
    "service_date": N_("Service done on"),
    "refund_policy_disclosure": N_("Terms and their acceptance"),
    "uncategorized_text": N_("What happened, in our words"),
    "shipping_documentation": N_("Proof of delivery"),
    "receipt": N_("Order, invoice or receipt"),
    "customer_communication": N_("Letters with the customer"),
    "service_documentation": N_("Proof of the service"),
    "refund_policy": N_("Terms"),
    "uncategorized_file": N_("Something else"),
}
CAUSES = {
    "staff": N_("By staff"),
    "complaint": N_("Complaint"),
    "service": N_("Service not done"),
    "stripe": N_("In Stripe's dashboard"),
}
WARNING_DECISIONS = {
    WarningDecision.REFUND: N_("Paid back before the bank takes it"),
    WarningDecision.LEAVE: N_("Left as it is"),
}
MAIL_KINDS = {"refund": N_("Money paid back"), "dispute": N_("Dispute, to the staff")}
EVENTS = {
    "dispute_asked": N_("The card's bank asks about the payment"),
    "dispute_answered": N_("Evidence sent to the bank"),
    "dispute_won": N_("Dispute won"),
    "dispute_lost": N_("Dispute lost"),
    "fraud_warned": N_("Early fraud warning"),
}
ACTIONS = {
    "refund.requested": N_("Refund waits for a second person"),
    "refund.granted": N_("Refund granted"),
    "refund.declined": N_("Refund declined"),
    "dispute.opened": N_("Dispute opened"),
    "dispute.won": N_("Dispute won"),
    "dispute.lost": N_("Dispute lost"),
    "dispute.evidence_saved": N_("Evidence kept"),
    "dispute.file_added": N_("File added to the evidence"),
    "dispute.file_removed": N_("File taken out of the evidence"),
    "dispute.submitted": N_("Evidence sent to the bank"),
    "dispute.called_off": N_("Order ended after a lost dispute"),
    "payment.fraud_warned": N_("Early fraud warning"),
    "payment.warning_decided": N_("Fraud warning decided"),
}
OBJECTS = {"dispute": N_("Dispute")}
DONE = {
    "refunded": N_("The refund is on its way to the card. Its state stands here in a moment."),
    "refund_waits": N_("A second person has to grant this refund: it stands in the inbox."),
    "refund_granted": N_("Granted. The refund is on its way to the card."),
    "refund_declined": N_("Declined. Nothing is paid back."),
    "evidence_saved": N_("The evidence is kept. Nothing has been sent yet."),
    "evidence_file": N_("The file is kept with the evidence."),
    "evidence_file_removed": N_("The file is taken out."),
    "evidence_sent": N_("The evidence goes to the bank now. It cannot be changed any more."),
    "warning_decided": N_("Decided about the fraud warning."),
    "called_off": N_("The order is ended, its goods are free again."),
}
