"""How the invariants of the features are broken, all of them together."""

from tests.insights import (
    breaks_cards,
    breaks_dispatch,
    breaks_effort,
    breaks_invoices,
    breaks_ledger,
    breaks_mail,
    breaks_quantities,
    breaks_refunds,
    breaks_rhythm,
    breaks_services,
    breaks_vat,
)

BREAKS = {
    **breaks_cards.BREAKS,
    **breaks_dispatch.BREAKS,
    **breaks_effort.BREAKS,
    **breaks_invoices.BREAKS,
    **breaks_ledger.BREAKS,
    **breaks_mail.BREAKS,
    **breaks_quantities.BREAKS,
    **breaks_refunds.BREAKS,
    **breaks_rhythm.BREAKS,
    **breaks_services.BREAKS,
    **breaks_vat.BREAKS,
}
