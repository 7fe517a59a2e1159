"""What the tests of special services share: a till whose company orders services, and rows of the price list."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.care.models import ServiceOffer, ServiceOrder, SpecialService
from app.care.queries_offers import text_of_offer
from app.care.queries_services import keepings_of, text_of
from app.care.rules.price_list import shown_mark
from app.flows.order_service import Asking, order_service
from app.ordering.models import Order
from app.ordering.queries_terms import terms_in_force
from app.ordering.service_placing import DeliveryAddress, PlacedOrder
from app.payments.rules.states import PaymentState
from tests.flows.till import CALENDAR, Till

ELSEWHERE = DeliveryAddress("Probst Werkstatt GmbH", "Kim Probst", "Hafenweg 9", "04177", "Leipzig", "DE")


@dataclass
class Counter:
    """A till, and what its company can do about services."""

    till: Till

    def service(self, code: str) -> SpecialService:
        with self.till.database.read_session() as session:
            return session.exec(select(SpecialService).where(col(SpecialService.code) == code)).one()

    def shown(self, *, code: str = "", offer_id: int | None = None, order_number: str = "") -> str:
        """What the service's page carries at this moment."""
        with self.till.database.read_session() as session:
            terms = terms_in_force(session)
            assert terms is not None
            if offer_id is not None:
                offer = session.get_one(ServiceOffer, offer_id)
                text = text_of_offer(offer, session.get_one(SpecialService, offer.service_id), "en")
                return shown_mark(text, quantity=offer.quantity, terms_version_id=terms.id or 0)
            service = self.service(code)
            goods = session.exec(select(Order).where(col(Order.number) == order_number)).first()
            keepings = keepings_of(
                session, service.kind, goods, offered=None, calendar=CALENDAR, now=self.till.now
            )
            return shown_mark(
                text_of(service, "en"),
                quantity=None,
                terms_version_id=terms.id or 0,
                keepings=list(keepings.values()),
            )

    def order(
        self,
        code: str = "",
        *,
        key: str = "service-1",
        shown: str | None = None,
        offer_id: int | None = None,
        service_id: int | None = None,
        **asked: Any,
    ) -> PlacedOrder:
        """The order button of a service, pressed on a page shown just now."""
        if code:
            service_id = self.service(code).id
        if shown is None:
            shown = self.shown(code=code, offer_id=offer_id, order_number=asked.get("order_number", ""))
        with self.till.database.session() as session:
            return order_service(
                session,
                Asking(service_id=service_id, offer_id=offer_id, **asked),
                customer_id=self.till.customer.id or 0,
                contact_id=self.till.contact.id or 0,
                checkout_key=key,
                shown=shown,
                language="en",
                calendar=CALENDAR,
                now=self.till.now,
            )

    def pay(self, number: str) -> PaymentState | None:
        """The card page, paid, and what the worker does then."""
        session_id = self.till.session_at(self.till.start(number))
        self.till.stripe.pay(session_id)
        return self.till.settle(session_id=session_id)

    def goods(self) -> Order:
        """An order of goods that is paid and accepted."""
        placed = self.till.place(key="goods-1")
        assert self.pay(placed.number) is PaymentState.CAPTURED
        return self.till.order(placed.number)

    def kept(self, number: str) -> ServiceOrder:
        """What is kept of a service to be done."""
        with self.till.database.read_session() as session:
            query = select(ServiceOrder).join(Order, col(Order.id) == col(ServiceOrder.order_id))
            return session.exec(query.where(col(Order.number) == number)).one()


def count_rows(session: Session, model: Any) -> int:
    """How many rows a table holds."""
    return len(session.exec(select(model)).all())
