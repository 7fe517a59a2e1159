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
}
MAIL_KINDS = {
    "card_page_open": N_("Card page open"),
}
DONE = {
    "first_payments": N_("First payments go on. Whoever waited gets an e-mail."),
}
