"""The staff's words for differences between our books and Stripe's, and for the way to mend each."""

from app.core.errors import N_
from app.payments.rules.books import Difference, Mend

DONE = {
    "comparing": N_("The books are compared. Look again in a moment."),
    "mending": N_("Asked for. The next comparison closes the difference when it is mended."),
}
ACTIONS = {
    "shop.restored": N_("Database restored from a backup"),
    "sales.opened": N_("Sales opened after a restore"),
    "books.comparison_asked": N_("Comparison with Stripe's books asked for"),
    "books.mending_asked": N_("Mending a difference to Stripe's books asked for"),
}
OBJECTS = {"shop": N_("The shop"), "book_difference": N_("Difference to Stripe's books")}
DIFFERENCES = {
    Difference.CAPTURED_THERE: N_("taken at Stripe, not in our books"),
    Difference.NOT_CAPTURED_THERE: N_("paid in our books, not at Stripe"),
    Difference.AMOUNT_DIFFERS: N_("another amount or currency"),
    Difference.TAKEN_TWICE: N_("a second payment of one order was taken"),
    Difference.LEFT_OPEN: N_("reserved, and nobody decides"),
    Difference.UNKNOWN_ORDER: N_("paid for an order that is not here"),
    Difference.UNKNOWN_PAYMENT: N_("paid for an order of ours, by an attempt that is not here"),
    Difference.WITHOUT_MARK: N_("money without our mark"),
    Difference.REFUND_UNKNOWN: N_("a refund that is not in our books"),
    Difference.REFUND_MISSING: N_("a refund of ours that Stripe does not have"),
    Difference.REFUND_DIFFERS: N_("a refund of another amount"),
    Difference.REFUNDED_TWICE: N_("a second refund went out for one of ours"),
    Difference.DISPUTE_UNKNOWN: N_("a dispute that is not in our books"),
    Difference.DISPUTE_DIFFERS: N_("a dispute of another amount or outcome"),
    Difference.DISPUTE_MISSING: N_("a dispute of ours that Stripe does not have"),
}
BY_THE_SHOP = {
    Mend.SETTLE: N_(
        "Settle the payment again: the gate is asked, and the money is taken for its order or given back."
    ),
    Mend.FOLLOW_REFUND: N_("Read the refund again and follow it in our books."),
    Mend.FOLLOW_DISPUTE: N_("Read the dispute again and note it with the order."),
}
BUTTONS = {
    Mend.SETTLE: N_("Settle again"),
    Mend.FOLLOW_REFUND: N_("Follow the refund"),
    Mend.FOLLOW_DISPUTE: N_("Note the dispute"),
}
BY_A_PERSON = {
    Difference.CAPTURED_THERE: N_("Our books gave this money back: refund it in Stripe's dashboard."),
    Difference.NOT_CAPTURED_THERE: N_(
        "Do not send the goods. Look at the payment in Stripe's dashboard and ask the customer to pay again."
    ),
    Difference.AMOUNT_DIFFERS: N_(
        "Compare order and payment; refund what is too much in Stripe's dashboard, or claim what is missing."
    ),
    Difference.TAKEN_TWICE: N_("Refund this second payment in Stripe's dashboard."),
    Difference.LEFT_OPEN: N_(
        "Cancel the authorisation in Stripe's dashboard; the bank lets it go by itself after a week."
    ),
    Difference.UNKNOWN_ORDER: N_(
        "Stripe's customer and the order number tell who paid. Ask them to order again or refund the payment"
        " in Stripe's dashboard."
    ),
    Difference.UNKNOWN_PAYMENT: N_(
        "Look at the order: where it is unpaid, ask the customer; refund the payment in Stripe's dashboard."
    ),
    Difference.WITHOUT_MARK: N_(
        "It was made past the shop: find out who made it, and refund it where nobody knows it."
    ),
    Difference.REFUND_UNKNOWN: N_("It belongs to a payment that is not here: mend that one first."),
    Difference.REFUND_MISSING: N_("The customer still waits: refund it in Stripe's dashboard."),
    Difference.REFUND_DIFFERS: N_("Compare the two; pay back what is missing from the order's page."),
    Difference.REFUNDED_TWICE: N_(
        "The customer got this money twice: cancel the second refund in Stripe's dashboard while that is possible,"
        " or ask for it back."
    ),
    Difference.DISPUTE_DIFFERS: N_(
        "Our books hold the newer word. Compare the dispute in Stripe's dashboard with the page of the order."
    ),
    Difference.DISPUTE_MISSING: N_(
        "Look for the dispute in Stripe's dashboard: where it is not there, our books say too little money."
    ),
    Difference.DISPUTE_UNKNOWN: N_(
        "It belongs to a payment that is not here: answer it in Stripe's dashboard."
    ),
}


def way_out(kind: Difference, mend: Mend) -> str:
    """How a difference is mended, in words that are not translated yet: by the shop itself, or by a person."""
    return BY_A_PERSON[kind] if mend is Mend.NONE else BY_THE_SHOP[mend]
