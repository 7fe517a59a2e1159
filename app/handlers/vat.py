"""VAT ids are confirmed by VIES and eVatR."""

from typing import Any

from app.core.clock import utc_now
from app.customers.rules.vat_answers import VatPurpose
from app.flows.check_vat_id import check_vat_id
from app.handlers.handler import Handler
from app.shop import Shop


def _check_vat_id(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        check_vat_id(
            session,
            shop.vat_services,
            customer_id=args["customer_id"],
            vat_id=args["vat_id"],
            purpose=VatPurpose(args["purpose"]),
            attempt=args["attempt"],
            now=utc_now(),
        )


HANDLERS: dict[str, Handler] = {"check_vat_id": _check_vat_id}
