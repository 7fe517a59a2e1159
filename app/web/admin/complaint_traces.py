"""What the lists of e-mails, the timeline and the audit log call that which complaints leave there."""

from app.core.errors import N_

MAIL_KINDS = {
    "complaint_received": N_("Complaint received"),
    "complaint_filed": N_("New complaint"),
    "complaint_message": N_("Word on a complaint"),
    "complaint_answered": N_("Complaint answered"),
    "complaint_reopened": N_("Complaint opened again"),
    "complaint_refunded": N_("Money paid back to the card"),
}
EVENTS = {
    "replacement_made": N_("Replacement for a complaint"),
    "complaint_filed": N_("Complaint received"),
    "complaint_answered": N_("Complaint answered"),
    "refunded": N_("Money paid back to the card"),
    "refund_failed": N_("Paying back failed"),
}
ACTIONS = {
    "complaint.filed": N_("Complaint received"),
    "complaint.written": N_("Customer added to a complaint"),
    "complaint.asked": N_("Question on a complaint"),
    "complaint.decided": N_("Complaint answered"),
    "complaint.reopened": N_("Complaint opened again"),
    "refund.done": N_("Money paid back to the card"),
    "refund.failed": N_("Paying back failed"),
    "refund.asked_again": N_("Refund asked for again"),
}
