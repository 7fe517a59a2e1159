"""What the desk calls documents, what becomes one, and what is written down about them."""

from app.core.errors import N_

MAIL_KINDS = {
    "invoice": N_("Invoice"),
    "credit_note": N_("Invoice correction"),
}
