"""What the pages of e-mails, their addresses and their texts call things."""

from app.core.errors import N_
from app.mail.models import HELD, AddressState

ADDRESSES = {
    AddressState.OK: N_("works"),
    AddressState.BOUNCED: N_("e-mails come back"),
    AddressState.COMPLAINED: N_("complained of our e-mails"),
}
ERRORS = {HELD: N_("Held: earlier e-mails to this address came back.")}
ACTIONS = {
    "mail_address.marked": N_("Address marked: an e-mail came back"),
    "mail_address.lifted": N_("Mark of an address lifted"),
    "contact.address_corrected": N_("E-mail address corrected"),
    "mail_text.edited": N_("Text of an e-mail edited"),
    "mail_text.restored": N_("The default text of an e-mail counts again"),
}
OBJECTS = {"mail_address": N_("E-mail address"), "mail_text": N_("Text of an e-mail")}
DONE = {
    "mark_lifted": N_("The mark is lifted. What was held goes out now."),
    "address_corrected": N_("The address is corrected. A link to confirm it is on its way there."),
    "text_saved": N_("Saved: the next e-mail of this kind says it so."),
    "text_restored": N_("The default text counts again, from the next e-mail on."),
}
