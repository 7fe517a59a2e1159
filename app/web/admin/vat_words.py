"""The words that staff read of VAT ids and of proofs of delivery."""

from app.core.errors import N_
from app.customers.rules.vat_answers import VatOutcome
from app.customers.rules.vat_ids import VatIdStatus
from app.fulfilment.rules.proofs import ProofKind

VAT_IDS: dict[str, str] = {
    VatIdStatus.UNCHECKED: N_("not asked yet"),
    VatIdStatus.CONFIRMED: N_("confirmed"),
    VatIdStatus.INVALID: N_("invalid"),
    VatIdStatus.UNAVAILABLE: N_("not confirmed: no clear answer"),
    VatOutcome.VALID: N_("valid"),
    VatOutcome.MISMATCH: N_("another company's"),
}
"""What is known of a VAT id, and what a service answered; `invalid` and `unavailable` are in both."""
PROOFS = {
    ProofKind.ARRIVAL: N_("Arrival in another EU state"),
    ProofKind.EXIT: N_("Exit from the EU"),
}
