"""The staff's words for kept cards, their fees, and the testing of stolen ones; words.py takes them in."""

from app.core.errors import N_
from app.payments.rules.card_limits import Trip

TRIPS = {
    Trip.COUNT: N_("too many declined cards"),
    Trip.RATE: N_("too many of all cards declined"),
}
EVENTS = {
    "card_page_closed": N_("Card page closed after several declined cards"),
}
OBJECTS = {
    "card_breaker": N_("First payments"),
}
ACTIONS = {
    "card_breaker.tripped": N_("First payments wait"),
    "card_breaker.cleared": N_("First payments go on"),
    "card.kept": N_("Card kept for later"),
    "card.renewed": N_("Kept card renewed by its bank"),
    "card.removed": N_("Kept card removed by the company"),
    "card.replaced": N_("Kept card replaced by a newer one"),
    "card.detached": N_("Kept card gone at Stripe"),
    "card.fee_charged": N_("Fee charged to the kept card"),
}
MAIL_KINDS = {
    "card_page_open": N_("Card page open"),
    "card_expires": N_("Kept card expires"),
    "fee_charged": N_("Fee charged"),
    "fee_failed": N_("Kept card not charged"),
}
DONE = {
    "fee_charged": N_("The card is being charged. The customer gets an e-mail either way."),
    "first_payments": N_("First payments go on. Whoever waited gets an e-mail."),
}
