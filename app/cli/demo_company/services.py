"""The demo's special services: one paid and to do, one offered, and a field visit that waits for a lead."""

import random
from collections.abc import Mapping
from datetime import timedelta

from app.care.models import FieldVisit, ServiceOffer, ServiceOrder, SpecialService
from app.care.queries_services import text_of
from app.care.rules.offers import expires_at
from app.care.rules.price_list import service_totals
from app.care.rules.services import OfferState, VisitState
from app.cli.demo_company.orders import PACKER, Conditions, add_event, add_payment, working_hour
from app.core.ids import READABLE
from app.flows.fill_demo import Buyer, Rows
from app.ordering.models import Charge, Order, OrderTax
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase

PAID, OFFERED = "phone-help", "split-delivery"
NOTES = {
    "de": "Bitte am Vormittag anrufen: Wie wird der Dichtring eingesetzt?",
    "en": "Please call in the morning: how is the seal fitted?",
}
VISIT = "Umzug der Werkstatt: Die neue Anlage braucht andere Dichtungen, am Telefon ist das nicht zu klären."
EXPECTED_CENTS = 85_000


def add_services(
    rows: Rows, listed: Mapping[str, SpecialService], buyer: Buyer, order_id: int, conditions: Conditions
) -> None:
    """Adds all three for the buyer; the offer is about the order. Without the first price list there is nothing."""
    if PAID not in listed or OFFERED not in listed:
        return
    _add_paid(rows, listed[PAID], buyer, order_id, conditions)
    offered_at = conditions.now - timedelta(hours=20)
    offer = listed[OFFERED]
    rows.add(
        ServiceOffer,
        customer_id=buyer.customer_id,
        service_id=offer.id,
        for_order_id=order_id,
        name_de=offer.name_de,
        name_en=offer.name_en,
        price_cents=offer.price_cents,
        vat_rate_bp=offer.vat_rate_bp,
        quantity=1,
        details={},
        state=OfferState.OPEN,
        offered_by=PACKER,
        offered_at=offered_at,
        expires_at=expires_at(offered_at, days=conditions.policy.service_offer_days),
        order_id=None,
    )
    rows.add(
        FieldVisit,
        customer_id=buyer.customer_id,
        reason=VISIT,
        expected_contribution_cents=EXPECTED_CENTS,
        price_cents=39_000,
        state=VisitState.REQUESTED,
        requested_by=PACKER,
        requested_by_id=None,
        requested_at=offered_at,
        decided_by="",
        decided_by_id=None,
        decided_at=None,
        decision_reason="",
        offer_id=None,
    )


def _add_paid(
    rows: Rows, service: SpecialService, buyer: Buyer, order_id: int, conditions: Conditions
) -> None:
    """An accepted order of one unit, written like one of goods, without lines."""
    chance = random.Random(f"{conditions.seed}:service:{order_id}")
    placed_at = working_hour(conditions, 1, chance)
    totals = service_totals(text_of(service, buyer.language), 1)
    goods = next(row for row in rows.by_table["orders"] if row["id"] == order_id)
    today = placed_at.astimezone(conditions.calendar.zone).date()
    changed = {
        "number": "S-" + "".join(chance.choices(READABLE, k=8)),
        "checkout_key": f"demo-{chance.getrandbits(96):024x}",
        "kind": OrderKind.SERVICE,
        "for_order_id": None,
        "state": OrderState.ACCEPTED,
        "goods_net_cents": totals.goods_net_cents,
        "charges_net_cents": totals.charges_net_cents,
        "vat_cents": totals.vat_cents,
        "gross_cents": totals.gross_cents,
        "purchase_reference": "",
        "terms_version_id": conditions.terms_at(placed_at),
        "terms_accepted_at": placed_at,
        "business_confirmed_at": placed_at,
        "dispatch_on": today,
        "promised_on": today,
        "placed_at": placed_at,
        "accepted_at": placed_at + timedelta(minutes=2),
        "dispatched_at": None,
        "vat_case": VatCase.DOMESTIC,
    }
    copied = {name: value for name, value in goods.items() if name != "id"}
    made_id = rows.add(Order, **{**copied, **changed})
    for charge in totals.charges:
        rows.add(
            Charge,
            order_id=made_id,
            kind=charge.kind,
            net_cents=charge.net_cents,
            name=charge.name,
            quantity=charge.quantity,
            vat_rate_bp=charge.vat_rate_bp,
            bundle_version_id=charge.bundle_version_id,
        )
    for tax in totals.taxes:
        rows.add(
            OrderTax,
            order_id=made_id,
            vat_rate_bp=tax.vat_rate_bp,
            net_cents=tax.net_cents,
            vat_cents=tax.vat_cents,
        )
    rows.add(
        ServiceOrder,
        order_id=made_id,
        service_id=service.id,
        offer_id=None,
        details={"note": NOTES[buyer.language]},
        done_at=None,
        done_by="",
        note="",
    )
    add_payment(rows, made_id, totals, placed_at=placed_at, chance=chance)
    add_event(rows, made_id, "placed", at=placed_at, actor_name=buyer.contact_name)
    add_event(rows, made_id, "accepted", at=placed_at + timedelta(minutes=2))
