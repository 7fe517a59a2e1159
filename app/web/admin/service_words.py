"""The staff's words for special services and field visits; words.py takes them in."""

from app.core.errors import N_
from app.ordering.rules.states import OrderState

ORDERS = {
    OrderState.ACCEPTED: (N_("paid, to do"), "signal"),
    OrderState.DISPATCHED: (N_("done"), "ok"),
}
EVENTS = {
    "accepted": N_("Card charged, service accepted"),
    "dispatched": N_("Done"),
}
EVENTS_OF_GOODS = {
    "address_changed": N_("Delivery address changed"),
    "kept_back": N_("Kept in the warehouse, as ordered"),
}
EVENT_VALUES = {
    "went_to": N_("Before"),
    "goes_to": N_("After"),
    "service": N_("Special service"),
}
OBJECTS = {
    "service": N_("Special service"),
}
ACTIONS = {
    "service.saved": N_("Service saved"),
    "service.moved": N_("Service moved"),
    "service.offered": N_("Service offered"),
    "service.offer_withdrawn": N_("Offer of a service withdrawn"),
    "service.done": N_("Service done"),
    "service.given_back": N_("Service not possible, money given back"),
    "visit.asked": N_("Field visit asked for"),
    "visit.approved": N_("Field visit approved"),
    "visit.refused": N_("Field visit refused"),
}
MAIL_KINDS = {
    "service_offer": N_("Offer of a service"),
    "service_done": N_("Service done"),
}
RELEASE_REASONS = {
    "service_impossible": N_("The service could not be done for the order any more."),
}
DONE = {
    "service_done": N_("Done. The customer gets an e-mail."),
    "service_given_back": N_("The money goes back to the card. The customer gets an e-mail."),
    "service_offered": N_("Offered. The customer gets an e-mail with the link."),
    "offer_withdrawn": N_("The offer is withdrawn."),
    "visit_asked": N_("Asked. A lead finds it in the inbox."),
    "visit_approved": N_("Approved and offered: the customer gets an e-mail with the price."),
    "visit_refused": N_("Refused: nobody visits."),
}
