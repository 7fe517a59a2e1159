"""The checkout for programs: what would be ordered, and each way to order it with its dates and prices."""

from starlette.responses import JSONResponse, Response

from app.core.errors import N_
from app.core.i18n import translate
from app.ordering.queries_checkout import Checkout, Way
from app.ordering.rules.offer import write_offer
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.vat_words import exemption_note

EFFORT_REASON = N_(
    "The effort fee: work by hand for your company costs too much compared with what your orders contribute."
)


def offer_for_programs(checkout: Checkout, *, language: str) -> Response:
    """The checkout as JSON, never stored by anybody; `shown` goes back with the order, as it does from the page."""
    free_from_on = checkout.rhythm.free_from_on
    body = {
        "is_orderable": checkout.is_orderable,
        "lines": [
            {
                "bundle_id": line.bundle_id,
                "name": line.name(language),
                "quantity": line.priced.quantity,
                "unit_price_cents": line.priced.unit_price_cents,
                "net_cents": line.priced.net_cents,
            }
            for line in checkout.lines
        ],
        "ways": [_way(way, language=language) for way in checkout.ways],
        "vat_case": checkout.vat.case.value,
        "vat_note": exemption_note(checkout.vat.case, language),
        "free_from_on": free_from_on.isoformat() if free_from_on else None,
        "terms": checkout.terms.name if checkout.terms else None,
        "shown": write_offer(*checkout.offers),
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _way(way: Way, *, language: str) -> dict[str, object]:
    option, totals = way.option, way.totals
    return {
        "rhythm": option.choice.value,
        "joins": option.joins.number if option.joins else None,
        "dispatch_on": option.promise.dispatch_on.isoformat(),
        "promised_on": option.promise.promised_on.isoformat(),
        "pay_before": option.promise.cut_off_at.isoformat(),
        "charges": [_charge(charge, language=language) for charge in totals.charges],
        "net_cents": totals.net_cents,
        "vat_cents": totals.vat_cents,
        "gross_cents": totals.gross_cents,
    }


def _charge(charge: PricedCharge, *, language: str) -> dict[str, object]:
    told: dict[str, object] = {"kind": charge.kind.value, "net_cents": charge.net_cents}
    if charge.kind is ChargeKind.EFFORT_FEE:
        told |= {"reason": translate(language, EFFORT_REASON), "figures_at": "/account"}
    return told
