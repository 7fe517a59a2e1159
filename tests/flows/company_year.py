"""A test company that lives from day to day: its customers, its staff, its worker and its card payments."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.care.models import Complaint, ComplaintLine, EffortLevelChange, SpecialService
from app.care.queries_services import text_of
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.price_list import shown_mark
from app.catalogue.models import Bundle, BundleItem, BundleVersion
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.change_policy import change_policy
from app.flows.change_segment import change_segment
from app.flows.close_run import close_run
from app.flows.decide_complaint import Answer, decide_complaint
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.edit_calendar import add_closing_days
from app.flows.file_complaint import file_complaint
from app.flows.fill_cart import add_to_cart
from app.flows.keep_standing_order import Wanted, open_standing_order, skip_run
from app.flows.order_service import Asking, order_service
from app.flows.place_order import place_order
from app.flows.publish_bundle import publish_bundle
from app.flows.publish_terms import publish_terms
from app.flows.receive_stripe_event import receive_stripe_event
from app.flows.save_bundle import save_bundle
from app.flows.start_payment import start_payment
from app.flows.write_effort import Touch, write_effort
from app.fulfilment.queries_calendar import read_course, warehouse_calendar
from app.fulfilment.rules.closing import ClosingSpan
from app.handlers.registry import RECURRING
from app.insights.invariants import ALL, check_invariants
from app.insights.invariants_storage import STORAGE
from app.jobs import queue
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order, OrderLine, StandingOrderRun
from app.ordering.queries_checkout import Wish, read_checkout
from app.ordering.queries_terms import terms_in_force
from app.ordering.rules.offer import write_offer
from app.ordering.rules.promise import Calendar
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.standing import RunState
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.rules.facts import EventFacts
from app.policy.queries import current_policy, current_version_id
from app.shop import Shop
from app.worker import run_until_idle
from tests import make
from tests.conftest import Clock
from tests.fakes import FakeStripe
from tests.flows.till import ADDRESS, BASE_URL, CALENDAR, HERE

LEAD = Actor(ActorKind.STAFF, "Lina Harms", 1)
OPS = Actor(ActorKind.STAFF, "Ole Brandt", 2)
STAFF_ADDRESS = "shop@schlicht.example"
STATE, TIMEZONE = "SN", "Europe/Berlin"
_keys = itertools.count(1)


@dataclass(frozen=True)
class Company:
    """A customer of the year."""

    customer_id: int
    contact_id: int


@dataclass
class CompanyYear:
    """The shop with everything that people and programs do in it; `clock` is the only time there is."""

    shop: Shop
    stripe: FakeStripe
    clock: Clock
    bundles: dict[str, int]
    companies: dict[str, Company]
    has_news: bool = False
    nights: int = 0

    @property
    def today(self) -> date:
        return self.clock.now.astimezone(CALENDAR.zone).date()

    def calendar(self) -> Calendar:
        with self.shop.db.read_session() as session:
            return warehouse_calendar(session, state=STATE, timezone=TIMEZONE, now=self.clock.now)

    # What customers do

    def buy(
        self, name: str, wants: Mapping[str, int], *, choice: RhythmChoice | None = None, card: str = "good"
    ) -> str:
        """Cart, checkout, order and card page; the number of the order. `card`: good | declined | too late | none."""
        company = self.companies[name]
        for bundle, quantity in wants.items():
            with self.shop.db.session() as session:
                add_to_cart(
                    session,
                    customer_id=company.customer_id,
                    bundle_id=self.bundles[bundle],
                    quantity=quantity,
                    language="en",
                    now=self.clock.now,
                )
        return self._order(name, Wish(choice=choice, place=HERE), card=card, rhythm=choice)

    def open_standing_order(
        self, name: str, wants: Mapping[str, int], *, every_days: int, run_on: date
    ) -> int:
        company = self.companies[name]
        quantities = {self.bundles[bundle]: quantity for bundle, quantity in wants.items()}
        with self.shop.db.session() as session:
            return open_standing_order(
                session,
                Wanted(every_days, run_on, quantities),
                customer_id=company.customer_id,
                contact_id=company.contact_id,
                calendar=self.calendar(),
                now=self.clock.now,
            )

    def asked_run(self) -> StandingOrderRun | None:
        """The run of a standing order that waits for its answer."""
        with self.shop.db.read_session() as session:
            return session.exec(
                select(StandingOrderRun).where(col(StandingOrderRun.state) == RunState.ASKED)
            ).first()

    def confirm(self, name: str, run: StandingOrderRun) -> str:
        """The button behind the link of the e-mail, and the card; the number of the order."""
        return self._order(name, Wish(standing_order_id=run.standing_order_id), card="good", run_id=run.id)

    def skip(self, name: str, run: StandingOrderRun) -> None:
        with self.shop.db.session() as session:
            skip_run(session, run.id or 0, customer_id=self.companies[name].customer_id, now=self.clock.now)
        self.has_news = True

    def order_service(self, name: str, code: str, *, quantity: int = 1, order_number: str = "") -> str:
        """A special service of the price list, paid by card; the number of its order."""
        company = self.companies[name]
        with self.shop.db.read_session() as session:
            service = session.exec(select(SpecialService).where(col(SpecialService.code) == code)).one()
            terms = terms_in_force(session)
            assert terms is not None
            shown = shown_mark(text_of(service, "en"), quantity=None, terms_version_id=terms.id or 0)
        with self.shop.db.session() as session:
            placed = order_service(
                session,
                Asking(service_id=service.id, quantity=quantity, order_number=order_number),
                customer_id=company.customer_id,
                contact_id=company.contact_id,
                checkout_key=f"year-{next(_keys)}",
                shown=shown,
                language="en",
                calendar=self.calendar(),
                now=self.clock.now,
            )
        self._pay(name, placed.number, card="good", asked_cents=service.price_cents * quantity)
        return placed.number

    def _order(self, name: str, wish: Wish, *, card: str, **values: Any) -> str:
        """What was shown is what is stored, and what the card page asks for."""
        company, now = self.companies[name], self.clock.now
        with self.shop.db.read_session() as session:
            seen = read_checkout(session, company.customer_id, calendar=self.calendar(), now=now, wish=wish)
        with self.shop.db.session() as session:
            placed = place_order(
                session,
                customer_id=company.customer_id,
                contact_id=company.contact_id,
                checkout_key=f"year-{next(_keys)}",
                shown=write_offer(*seen.offers),
                address=ADDRESS,
                purchase_reference="",
                language="en",
                calendar=self.calendar(),
                now=now,
                **values,
            )
        self._pay(name, placed.number, card=card, asked_cents=seen.totals.net_cents)
        assert self.order(placed.number).promised_on == seen.promise.promised_on
        return placed.number

    def _pay(self, name: str, number: str, *, card: str, asked_cents: int) -> None:
        company = self.companies[name]
        with self.shop.db.session() as session:
            url = start_payment(
                session,
                self.stripe,  # type: ignore[arg-type]
                order_number=number,
                customer_id=company.customer_id,
                contact_id=company.contact_id,
                base_url=BASE_URL,
                now=self.clock.now,
            )
        session_id, order = url.rsplit("/", 1)[-1], self.order(number)
        assert order.goods_net_cents + order.charges_net_cents == asked_cents
        assert order.gross_cents == asked_cents + order.vat_cents == self.stripe.amounts[session_id]
        self.has_news = True
        if card == "declined":
            self.stripe.decline(session_id)
            self._tell("payment_intent.payment_failed", session_id)
        if card != "none":
            self.stripe.pay(session_id, card_fingerprint=f"card of {name}")
            if card == "too late":
                self.turn_into_a(name)
            self._tell("checkout.session.completed", session_id)

    def _tell(self, kind: str, session_id: str) -> None:
        """Stripe tells us something, and the worker looks."""
        object_id = session_id
        if kind.startswith("payment_intent."):
            intent = self.stripe.sessions[session_id].intent
            assert intent is not None
            object_id = intent.id
        with self.shop.db.session() as session:
            event = EventFacts(f"evt_{next(_keys)}", kind, object_id)
            receive_stripe_event(session, event, now=self.clock.now)
        self.work()

    def complain(self, name: str, number: str, reason: ComplaintReason) -> int:
        """The form, about one piece of the order's first line; the complaint's id."""
        order = self.order(number)
        with self.shop.db.session() as session:
            line_id = session.exec(
                select(OrderLine.id).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
            ).first()
            session.rollback()
            filed = file_complaint(
                session,
                customer_id=order.customer_id,
                contact_id=order.contact_id,
                order_number=number,
                form_key=f"form-{next(_keys)}",
                reason=reason,
                text="One of them is broken.",
                quantities={line_id or 0: 1},
                photos=[],
                staff_address=STAFF_ADDRESS,
                calendar=self.calendar(),
                now=self.clock.now,
            )
        self.has_news = True
        with self.shop.db.read_session() as session:
            return session.exec(select(Complaint.id).where(col(Complaint.number) == filed.number)).one() or 0

    # What staff do

    def answer(
        self, complaint_id: int, outcome: ComplaintOutcome, fault: EffortCause, rejection: str = ""
    ) -> None:
        """Ends a complaint about everything that it names."""
        with self.shop.db.session() as session:
            lines = session.exec(select(ComplaintLine).where(col(ComplaintLine.complaint_id) == complaint_id))
            named = {line.order_line_id: line.quantity for line in lines}
            session.rollback()
            quantities = {} if outcome is ComplaintOutcome.REJECTED else named
            decide_complaint(
                session,
                complaint_id,
                Answer(outcome, fault, rejection=rejection, quantities=quantities),
                calendar=self.calendar(),
                actor=OPS,
                now=self.clock.now,
            )
        self.has_news = True
        self.work()

    def phone(self, number: str, minutes: int) -> None:
        """Somebody of the company telephones about an order, by their own doing."""
        touch = Touch(EffortKind.PHONE_HELP, EffortCause.THEIRS, minutes, "asked again")
        with self.shop.db.session() as session:
            write_effort(
                session,
                touch,
                order_number=number,
                form_key=f"touch-{next(_keys)}",
                actor=OPS,
                now=self.clock.now,
            )
        self.has_news = True
        self.work()

    def dispatch(self, *, forgetting: str = "") -> list[str]:
        """Everything whose run leaves today is handed over but the one forgotten; the numbers."""
        with self.shop.db.read_session() as session:
            waiting = session.exec(
                select(Order)
                .where(
                    col(Order.state) == OrderState.ACCEPTED,
                    col(Order.kind) != OrderKind.SERVICE,
                    col(Order.dispatch_on) <= self.today,
                )
                .order_by(col(Order.id))
            ).all()
            if not waiting:
                return []
            course = read_course(session, state=STATE, timezone=TIMEZONE, now=self.clock.now)
        due = [order.number for order in waiting if course.run_for(order.dispatch_on).run_on == self.today]
        leaving = [number for number in due if number != forgetting]
        if not leaving:
            return []
        with self.shop.db.session() as session:
            left = dispatch_orders(
                session,
                [Parcel(number) for number in leaving],
                carrier="Post",
                today=self.today,
                actor=OPS,
                now=self.clock.now,
            )
        self.has_news = True
        return left

    def close_run(self) -> tuple[str, ...]:
        """Today's run is closed; the numbers of what is still here."""
        with self.shop.db.session() as session:
            closed = close_run(
                session, self.today, state=STATE, timezone=TIMEZONE, actor=OPS, now=self.clock.now
            )
        self.has_news = True
        self.work()
        return closed.moved

    def close_warehouse(self, first: date, last: date) -> None:
        with self.shop.db.session() as session:
            add_closing_days(
                session,
                ClosingSpan(first, last, "Works holiday"),
                state=STATE,
                timezone=TIMEZONE,
                confirmed_count=1_000,
                actor=LEAD,
                now=self.clock.now,
            )
        self.has_news = True
        self.work()

    def change_policy(self, **values: Any) -> None:
        with self.shop.db.session() as session:
            policy, version = replace(current_policy(session), **values), current_version_id(session)
            session.rollback()
            change_policy(session, policy, based_on=version, reason="a year", actor=LEAD, now=self.clock.now)
        self.has_news = True

    def publish_terms(self, name: str) -> None:
        with self.shop.db.session() as session:
            publish_terms(
                session,
                name=name,
                text_de=f"AGB {name}",
                text_en=f"Terms {name}",
                actor=LEAD,
                now=self.clock.now,
            )
        self.has_news = True

    def reprice(self, bundle: str, *, price_cents: int) -> None:
        """The bundle's next version at another price, with the same blocks, is written and published."""
        with self.shop.db.session() as session:
            one = session.get_one(Bundle, self.bundles[bundle])
            old = session.get_one(BundleVersion, one.current_version_id)
            items = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == old.id)).all()
            values: dict[str, Any] = {
                "bundle_id": one.id,
                "slug": one.slug,
                "names": {"de": old.name_de, "en": old.name_en},
                "texts": {"de": old.text_de, "en": old.text_en},
                "kind": old.kind,
                "minimum_quantity": old.own_minimum_quantity,
                "order_step": old.own_order_step,
                "items": [(item.block_id, item.quantity_milli) for item in items],
            }
            session.rollback()
            save_bundle(session, **values, price_cents=price_cents, actor=LEAD, now=self.clock.now)
            publish_bundle(session, self.bundles[bundle], actor=LEAD, now=self.clock.now)
        self.has_news = True
        self.work()

    def turn_into_a(self, name: str) -> None:
        """A person rates the company A at this very moment."""
        with self.shop.db.session() as session:
            change_segment(
                session,
                self.companies[name].customer_id,
                segment=Segment.A,
                reason="grew",
                actor=LEAD,
                now=self.clock.now,
            )

    # What programs do

    def work(self) -> None:
        """The worker runs what is due."""
        run_until_idle(self.shop)

    def night(self, *, is_thorough: bool = False) -> None:
        """The schedules move on and the worker runs, early in the next morning; then the day's books are checked.

        A thorough night also looks whether each reference, constraint and trigger of the database stands.
        """
        evening = self.clock.now
        self.clock.now = evening.replace(hour=3, minute=30) + timedelta(days=1)
        with self.shop.db.session() as session, transaction(session):
            queue.put_due_schedules(session, RECURRING, now=self.clock.now)
        self.work()
        with self.shop.db.read_session() as session:
            wanted = ALL if is_thorough else [one for one in ALL if one not in STORAGE]
            found = check_invariants(session, now=self.clock.now, invariants=wanted)
        broken = [finding.sentence for finding in found]
        assert broken == [], f"{self.today}: {broken}"
        self.nights += 1
        self.clock.now = evening
        self.has_news = False

    # What can be read

    def order(self, number: str) -> Order:
        with self.shop.db.read_session() as session:
            return session.exec(select(Order).where(col(Order.number) == number)).one()

    def level(self, name: str) -> EffortLevel:
        with self.shop.db.read_session() as session:
            return session.get_one(Customer, self.companies[name].customer_id).effort_level

    def steps(self, name: str) -> list[tuple[str, str]]:
        """The levels that a company went through, from and to."""
        with self.shop.db.read_session() as session:
            rows = session.exec(
                select(EffortLevelChange)
                .where(col(EffortLevelChange.customer_id) == self.companies[name].customer_id)
                .order_by(col(EffortLevelChange.id))
            )
            return [(row.old_level.value, row.new_level.value) for row in rows]


def open_company(session: Session, shop: Shop, clock: Clock, names: tuple[str, ...]) -> CompanyYear:
    """A shop with three bundles, terms, and one admitted company of each name."""
    stripe = FakeStripe()
    with transaction(session):
        make.terms(session)
        part = make.block(session, vat_rate_bp=1900, main_brand_price_cents=1_500, unit_cost_cents=900)
        food = make.block(session, vat_rate_bp=700, main_brand_price_cents=800, unit_cost_cents=300)
        bundles = {
            "filters": make.bundle(session, items=[(part, 2)], price_cents=4_500),
            "paste": make.bundle(session, items=[(food, 1)], price_cents=1_290, minimum_quantity=4),
            "set": make.bundle(session, items=[(part, 1), (food, 3)], price_cents=3_777),
        }
        companies = {}
        for name in names:
            customer = make.customer(session)
            companies[name] = Company(customer.id or 0, make.contact(session, of=customer).id or 0)
        bundle_ids = {name: bundle.id or 0 for name, bundle in bundles.items()}
    return CompanyYear(replace(shop, stripe=stripe), stripe, clock, bundle_ids, companies)  # type: ignore[arg-type]
