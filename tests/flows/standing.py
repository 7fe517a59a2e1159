"""A company with a standing order: what the tests of its questions and answers start from."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import Bundle
from app.core.ids import hash_token
from app.customers.models import Contact, Customer
from app.flows.ask_standing_orders import ask_standing_orders
from app.flows.keep_standing_order import Wanted, open_standing_order
from app.mail.models import Mail
from app.ordering.models import StandingOrder, StandingOrderLine, StandingOrderRun
from app.ordering.queries_checkout import Checkout, Wish, read_checkout
from app.ordering.rules.offer import write_offer
from app.ordering.service_placing import PlacedOrder
from tests import make
from tests.flows.till import CALENDAR, Till


@dataclass
class Standing:
    """A till, the id of its company's standing order, and everything that happens to it, by name."""

    till: Till
    id: int

    def at(self, now: datetime) -> "Standing":
        """The same at another time."""
        return Standing(self.till.at(now), self.id)

    def later(self, **duration: float) -> "Standing":
        return self.at(self.till.now + timedelta(**duration))

    def ask(self) -> int:
        """What the worker does every ten minutes."""
        with self.till.database.session() as session:
            return ask_standing_orders(session, calendar=CALENDAR, now=self.till.now)

    def row(self) -> StandingOrder:
        with self.till.database.read_session() as session:
            return session.get_one(StandingOrder, self.id)

    def runs(self) -> list[StandingOrderRun]:
        with self.till.database.read_session() as session:
            query = select(StandingOrderRun).where(col(StandingOrderRun.standing_order_id) == self.id)
            return list(session.exec(query.order_by(col(StandingOrderRun.run_on))))

    def mails(self, kind: str = "standing_order_asked") -> list[Mail]:
        with self.till.database.read_session() as session:
            query = select(Mail).where(col(Mail.kind) == kind).order_by(col(Mail.id))
            return list(session.exec(query))

    def token(self) -> str:
        """The secret of the last e-mail's link."""
        return str((self.mails()[-1].secret_values or {})["token"])

    def shown(self) -> Checkout:
        """What the page behind the link shows now."""
        with self.till.database.read_session() as session:
            return read_checkout(
                session,
                self.till.customer.id or 0,
                calendar=CALENDAR,
                now=self.till.now,
                wish=Wish(standing_order_id=self.id),
            )

    def confirm(self, **values: Any) -> PlacedOrder:
        """The button of the page behind the link."""
        run = self.runs()[-1]
        checkout = self.shown()
        arguments = {"key": f"run-{run.token_hash[:40]}", "shown": write_offer(*checkout.offers)}
        return self.till.place(**{**arguments, "run_id": run.id, **values})


def open_standing(till: Till, *, every_days: int = 42, run_on: date | None = None) -> Standing:
    """A standing order of what is in the company's cart, due in `every_days`."""
    with till.database.session() as session:
        standing_id = open_standing_order(
            session,
            Wanted(every_days, run_on or till.now.date() + timedelta(days=every_days), till.cart()),
            customer_id=till.customer.id or 0,
            contact_id=till.contact.id or 0,
            calendar=CALENDAR,
            now=till.now,
        )
    return Standing(till, standing_id)


def asked_standing(
    session: Session, *, of: Customer, by: Contact, bundle: Bundle, token: str
) -> tuple[StandingOrder, StandingOrderRun]:
    """An active standing order of one bundle, with a run that waits for its answer behind the secret `token`."""
    standing = make.saved(
        session,
        StandingOrder(
            customer_id=of.id,
            contact_id=by.id,
            every_days=42,
            asks_on=date(2099, 1, 1),
            created_at=make.NOW,
            changed_at=make.NOW,
        ),
    )
    make.saved(session, StandingOrderLine(standing_order_id=standing.id, bundle_id=bundle.id, quantity=2))
    run = make.saved(
        session,
        StandingOrderRun(
            standing_order_id=standing.id,
            run_on=date(2098, 12, 1),
            token_hash=hash_token(token),
            asked_at=make.NOW,
            expires_at=make.NOW + timedelta(days=26_000),
        ),
    )
    return standing, run
