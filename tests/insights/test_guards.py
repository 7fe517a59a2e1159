"""The guards at publishing: nothing is sold that loses money, or that takes the main brand's business unapproved."""

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.catalogue.models import Block, Bundle, BundleApproval, BundleVersion, Listing
from app.catalogue.queries_approvals import approval_of
from app.catalogue.queries_desk import read_sheet
from app.catalogue.rules.cannibalisation import Bought
from app.catalogue.rules.kinds import Kind
from app.catalogue.service_margins import refresh_margins
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.approve_bundle import ask_for_approval, decide_approval
from app.flows.change_policy import change_policy
from app.flows.publish_bundle import publish_bundle
from app.insights.cannibalisation import assess, offer_of, read_purchases, shown_mark
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.rules.segments import Segment
from app.policy.models import PolicyVersion
from app.policy.queries import current_policy
from app.policy.rules.policy import BelowMinimum
from tests import make
from tests.catalogue import written

ROBIN = Actor(ActorKind.STAFF, "Robin", 7)
KIM = Actor(ActorKind.STAFF, "Kim", 8)
NOW = written.NOW
BOUGHT_AT = NOW - timedelta(days=30)


def bought(
    session: Session, account: MainAccount, sku: str, quantity: int, net_cents: int, **values: object
) -> None:
    number = len(session.exec(select(Purchase.id)).all()) + 1
    defaults: dict[str, object] = {
        "import_key": f"key-{number}", "account_number": account.account_number, "invoice_number": f"R-{number}",
        "sku": sku, "quantity_milli": quantity * 1000, "net_cents": net_cents, "currency": "EUR",
        "purchased_at": BOUGHT_AT,
    }  # fmt: skip
    make.saved(session, Purchase(**{**defaults, **values}))


def set_policy(session: Session, **changes: object) -> None:
    policy = dataclasses.replace(current_policy(session), **changes)  # type: ignore[arg-type]
    change_policy(session, policy, based_on=0, reason="test", actor=written.STAFF, now=NOW)


@pytest.fixture
def taking(session: Session) -> int:
    """A draft at 29.90 that an A-customer would switch to: 250 bundles a year for which they pay 50.00 each."""
    account = make.main_account(session, account_number="M1", segment=Segment.A)
    for _ in range(2):
        bought(session, account, "LAGER", 500, 625_000)
    block_id = written.block(session, sku="LAGER")
    return written.draft_bundle(session, slug="taking", items=[(block_id, 4)])


def refused(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def publish(session: Session, bundle_id: int) -> None:
    publish_bundle(session, bundle_id, actor=ROBIN, now=NOW)


def shown(session: Session, bundle_id: int) -> str:
    """The mark that the page about the approval carries now."""
    sheet = read_sheet(session, bundle_id)
    offer = offer_of(sheet.version, sheet.items)
    asked = approval_of(session, sheet.version.id or 0)
    mark = shown_mark(sheet.version, asked, offer, assess(session, offer, now=NOW))
    session.rollback()
    return mark


def decide(session: Session, bundle_id: int, is_approved: bool, who: Actor, *, reason: str = "so") -> None:
    """Decides on what the page shows now."""
    seen = shown(session, bundle_id)
    decide_approval(session, bundle_id, is_approved=is_approved, reason=reason, actor=who, now=NOW, seen=seen)


def nothing_is_sold(session: Session) -> bool:
    session.rollback()
    session.expire_all()
    states = {version.published_at for version in session.exec(select(BundleVersion))}
    return states == {None} and not session.exec(select(Listing)).all()


def approval(session: Session) -> BundleApproval | None:
    session.rollback()
    session.expire_all()
    return session.exec(select(BundleApproval)).first()


def test_a_bundle_below_the_floor_is_not_published_and_the_lowest_price_is_named(session: Session) -> None:
    block_id = written.block(session)
    bundle_id = written.draft_bundle(session, items=[(block_id, 4)], price_cents=1_212)

    error = refused(lambda: publish(session, bundle_id))

    assert (error.code, error.values) == (
        "bundle.below_floor",
        {"price_cents": 1_212, "margin_cents": 181, "required_cents": 182, "lowest_price_cents": 1_213},
    )
    assert nothing_is_sold(session)
    written.draft_bundle(session, bundle_id=bundle_id, items=[(block_id, 4)], price_cents=1_213)
    publish(session, bundle_id)
    assert not nothing_is_sold(session)


def test_the_guard_asks_for_today_s_costs_and_not_for_those_when_the_draft_was_written(
    session: Session,
) -> None:
    block_id = written.block(session)
    bundle_id = written.draft_bundle(session, items=[(block_id, 4)])
    written.block(session, block_id=block_id, unit_cost_cents=700)

    assert refused(lambda: publish(session, bundle_id)).code == "bundle.below_floor"
    assert nothing_is_sold(session)


def test_no_bundle_is_sold_as_fast_as_the_main_brand_delivers(session: Session) -> None:
    bundle_id = written.draft_bundle(session)
    with pytest.raises(Invalid):
        set_policy(session, later_than_main_brand_days=0)
    with transaction(session):
        # A version from before the policy had this bound.
        values = {"later_than_main_brand_days": 0}
        session.add(PolicyVersion(values=values, changed_by="test", created_at=NOW))

    error = refused(lambda: publish(session, bundle_id))

    assert (error.code, error.values) == ("bundle.too_fast", {"main_brand_days": 2, "earliest_days": 2})
    assert nothing_is_sold(session)


def test_no_bundle_holds_a_service_that_the_main_brand_does_not_sell(session: Session) -> None:
    hour = written.block(session, sku="HOUR", kind=Kind.CONSULTING_UNIT, main_brand_price_cents=0)
    bundle_id = written.draft_bundle(session, items=[(written.block(session), 4), (hour, 1)])

    error = refused(lambda: publish(session, bundle_id))

    assert (error.code, error.values) == ("bundle.more_service", {"skus": "HOUR"})
    assert nothing_is_sold(session)


def test_above_the_limit_a_second_person_approves_with_a_reason(session: Session, taking: int) -> None:
    error = refused(lambda: publish(session, taking))
    assert (error.code, error.values) == (
        "bundle.needs_approval",
        {"loss_cents": 250 * (5_000 - 2_990), "limit_cents": 100_000},
    )

    ask_for_approval(session, taking, reason="they leave anyway", actor=ROBIN, now=NOW)
    assert refused(lambda: publish(session, taking)).code == "bundle.needs_approval"
    assert nothing_is_sold(session)
    decide(session, taking, True, KIM, reason="agreed with sales")
    publish(session, taking)

    kept = approval(session)
    assert kept is not None
    assert (kept.is_approved, kept.requested_by, kept.decided_by) == (True, "Robin", "Kim")
    assert (kept.reason, kept.decision_reason) == ("they leave anyway", "agreed with sales")
    assert (kept.figures["loss_cents"], kept.figures["buyer_counts"]) == (502_500, {"A": 1})
    assert kept.figures["switches"][0]["account_number"] == "M1"
    actions = [entry.action for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.id)))]
    assert actions[-4:] == [
        "bundle.approval_asked",
        "bundle.approved",
        "bundle.submitted",
        "bundle.published",
    ]
    assert not nothing_is_sold(session)


def test_who_asked_cannot_approve_but_may_withdraw(session: Session, taking: int) -> None:
    ask_for_approval(session, taking, reason="they leave anyway", actor=ROBIN, now=NOW)

    nobody = dataclasses.replace(KIM, id=None)
    assert [refused(lambda who=who: decide(session, taking, True, who)).code for who in (ROBIN, nobody)] == [  # type: ignore[misc]
        "bundle.same_person"
    ] * 2
    kept = approval(session)
    assert kept is not None
    assert (kept.is_approved, kept.decided_by) == (None, "")

    decide(session, taking, False, ROBIN)

    assert refused(lambda: decide(session, taking, True, KIM)).code == "bundle.approval_not_open"
    assert refused(lambda: publish(session, taking)).code == "bundle.needs_approval"
    ask_for_approval(session, taking, reason="a better reason", actor=ROBIN, now=NOW)
    decide(session, taking, True, KIM)
    publish(session, taking)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_neither_asking_nor_deciding_goes_without_a_reason(
    session: Session, taking: int, reason: str
) -> None:
    with pytest.raises(Invalid):
        ask_for_approval(session, taking, reason=reason, actor=ROBIN, now=NOW)
    assert approval(session) is None
    ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW)
    with pytest.raises(Invalid):
        decide(session, taking, True, KIM, reason=reason)
    kept = approval(session)
    assert kept is not None
    assert kept.is_approved is None


@pytest.mark.parametrize("is_decided", [True, False])
def test_a_changed_version_or_worse_figures_make_an_approval_void(
    session: Session, taking: int, is_decided: bool
) -> None:
    def approve() -> None:
        decide(session, taking, True, KIM)

    ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW)
    if is_decided:
        approve()
    items = [(1, 4)]
    written.draft_bundle(session, bundle_id=taking, slug="taking", items=items, price_cents=3_010)
    error = refused(lambda: publish(session, taking) if is_decided else approve())
    assert error.code == ("bundle.needs_approval" if is_decided else "bundle.approval_void")

    written.draft_bundle(session, bundle_id=taking, slug="taking", items=items, price_cents=2_990)
    other = make.main_account(session, account_number="M2", segment=Segment.B)
    bought(session, other, "LAGER", 400, 500_000)
    error = refused(lambda: publish(session, taking) if is_decided else approve())
    assert error.code == ("bundle.needs_approval" if is_decided else "bundle.approval_void")
    assert nothing_is_sold(session)

    ask_for_approval(session, taking, reason="so, with both", actor=ROBIN, now=NOW)
    approve()
    publish(session, taking)
    kept = approval(session)
    assert kept is not None
    assert kept.figures["buyer_counts"] == {"A": 1, "B": 1}


def test_nobody_approves_figures_that_they_did_not_see(session: Session, taking: int) -> None:
    ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW)
    seen_by_kim = shown(session, taking)
    written.draft_bundle(session, bundle_id=taking, slug="taking", items=[(1, 4)], price_cents=1_500)
    seen_by_robin = shown(session, taking)
    ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW, seen=seen_by_robin)

    for seen in (seen_by_kim, seen_by_robin, ""):
        error = refused(
            lambda seen=seen: decide_approval(  # type: ignore[misc]
                session, taking, is_approved=True, reason="so", actor=KIM, now=NOW, seen=seen
            )
        )
        assert error.code == "bundle.changed_meanwhile"
        kept = approval(session)
        assert kept is not None
        assert (kept.is_approved, kept.decided_by) == (None, "")

    decide(session, taking, True, KIM)
    publish(session, taking)


def test_nobody_asks_with_other_figures_than_they_saw(session: Session, taking: int) -> None:
    seen = shown(session, taking)
    bought(session, make.main_account(session, account_number="M2", segment=Segment.B), "LAGER", 40, 50_000)

    error = refused(lambda: ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW, seen=seen))

    assert error.code == "bundle.changed_meanwhile"
    assert approval(session) is None


def test_nobody_is_asked_without_need_or_twice(session: Session, taking: int) -> None:
    harmless = written.draft_bundle(session, slug="harmless")
    asked = [harmless, taking, taking]

    def ask(bundle_id: int) -> str:
        try:
            ask_for_approval(session, bundle_id, reason="so", actor=ROBIN, now=NOW)
        except Refused as error:
            return error.code
        return ""

    assert [ask(bundle_id) for bundle_id in asked] == [
        "bundle.no_approval_needed",
        "",
        "bundle.approval_open",
    ]


def test_who_publishes_while_a_cost_rises_is_stopped_by_the_new_cost(
    session: Session, database: Database
) -> None:
    block_id = written.block(session)
    bundle_id = written.draft_bundle(session, items=[(block_id, 4)])
    answers: list[str] = []

    def publish_meanwhile() -> None:
        with database.session() as own:
            try:
                publish(own, bundle_id)
            except Refused as error:
                answers.append(error.code)

    publisher = threading.Thread(target=publish_meanwhile)
    with transaction(session):
        session.get_one(Block, block_id, with_for_update=True).unit_cost_cents = 700
        refresh_margins(session, block_ids=[block_id], now=NOW)
        publisher.start()
        publisher.join(timeout=0.4)
    publisher.join()

    assert answers == ["bundle.below_floor"]
    assert nothing_is_sold(session)


def test_two_who_decide_at_once_leave_one_decision(session: Session, taking: int, database: Database) -> None:
    ask_for_approval(session, taking, reason="so", actor=ROBIN, now=NOW)
    seen = shown(session, taking)
    answers: list[str] = []
    start = threading.Barrier(4)

    def decide_as(number: int) -> None:
        with database.session() as own:
            start.wait()
            try:
                person = Actor(ActorKind.STAFF, f"Person {number}", number)
                decide_approval(
                    own,
                    taking,
                    is_approved=number % 2 == 0,
                    reason=f"reason {number}",
                    actor=person,
                    now=NOW,
                    seen=seen,
                )
                answers.append(f"Person {number}")
            except Refused as error:
                answers.append(error.code)

    threads = [threading.Thread(target=decide_as, args=(number,)) for number in range(20, 24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers.count("bundle.approval_not_open") == 3
    kept = approval(session)
    assert kept is not None
    assert kept.decided_by in answers
    assert kept.is_approved == (int(kept.decided_by.removeprefix("Person ")) % 2 == 0)


def test_only_goods_in_euros_of_a_and_b_in_twelve_months_count_with_returns_taken_off(
    session: Session,
) -> None:
    a, b, c = (
        make.main_account(session, account_number=f"M-{segment.value}", segment=segment)
        for segment in (Segment.A, Segment.B, Segment.C)
    )
    for account in (a, b, c):
        bought(session, account, "X", 10, 1_000)
    bought(session, a, "X", 30, 3_000, invoice_number="R-A")
    bought(session, a, "X", 6, 600, invoice_number="R-A")
    bought(session, a, "X", -4, -400)
    bought(session, a, "X", 50, 5_000, is_goods=False)
    bought(session, a, "X", 50, 5_000, currency="USD")
    bought(session, a, "X", 50, 5_000, purchased_at=BOUGHT_AT - timedelta(days=365))
    bought(session, a, "Y", 5, 700)
    bought(session, a, "Z", 9, 900)

    found = read_purchases(session, ["X", "Y"], now=NOW)

    assert (found.since_at, found.until_at) == (BOUGHT_AT - timedelta(days=365), BOUGHT_AT)
    assert found.segments == {"M-A": "A", "M-B": "B"}
    assert found.bought == {
        "M-A": {"X": Bought(10_000, 42_000, 4_200), "Y": Bought(5_000, 5_000, 700)},
        "M-B": {"X": Bought(10_000, 10_000, 1_000)},
    }


@pytest.mark.parametrize(
    "values",
    [
        {"purchased_at": NOW + timedelta(days=400)},
        {"purchased_at": NOW + timedelta(seconds=1)},
        {"purchased_at": NOW, "currency": "USD"},
        {"purchased_at": NOW, "is_goods": False},
    ],
)
def test_no_line_dated_ahead_and_none_that_does_not_count_moves_the_twelve_months(
    session: Session, taking: int, values: dict[str, object]
) -> None:
    stranger = make.main_account(session, account_number="M3", segment=Segment.C)
    bought(session, stranger, "OTHER", 1, 100, **values)

    found = read_purchases(session, ["LAGER"], now=NOW)

    assert (found.until_at, found.bought["M1"]["LAGER"].quantity_milli) == (BOUGHT_AT, 1_000_000)
    assert refused(lambda: publish(session, taking)).code == "bundle.needs_approval"


def test_without_purchases_nothing_can_be_taken(session: Session, now: datetime) -> None:
    assert read_purchases(session, ["X"], now=NOW).bought == {}
    bundle_id = written.bundle(session)
    session.rollback()
    assert session.get_one(Bundle, bundle_id).current_version_id


@pytest.mark.parametrize(
    "below, loss_cents", [(BelowMinimum.REFUSE, 0), (BelowMinimum.SURCHARGE, 1_250_000 - 250 * 2_990)]
)
def test_a_minimum_quantity_keeps_nobody_away_where_it_can_be_undercut_for_a_surcharge(
    session: Session, taking: int, below: BelowMinimum, loss_cents: int
) -> None:
    set_policy(session, below_minimum_quantity=below)
    sheet = read_sheet(session, taking)
    offer = dataclasses.replace(offer_of(sheet.version, sheet.items), minimum_quantity=1_000)

    assert assess(session, offer, now=NOW).figures.loss_cents == loss_cents
