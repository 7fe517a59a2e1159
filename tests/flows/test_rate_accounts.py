"""Rating in two axes: preview, apply, undo, history, overrides that survive it, and the night."""

import threading
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.flows.decide_rating import apply_rating, request_rating, undo_rating
from app.flows.override_rating import Target, end_due_overrides, propose_override
from app.flows.rate_accounts import Rated, rate_accounts
from app.jobs.models import Job
from app.mainbrand.models import (
    Cause,
    MainAccount,
    ProspectModel,
    Purchase,
    RatingResult,
    RatingRun,
    RunState,
    SegmentChange,
)
from app.mainbrand.queries_rating import last_applied, night_due, open_proposal
from app.mainbrand.rules.prospect import Judgement
from app.mainbrand.rules.segments import Segment
from app.policy.models import PolicyVersion
from app.policy.rules.policy import AutomaticRating, Policy, RatingMode, to_values
from app.shop import Shop
from app.worker import run_until_idle
from tests import make
from tests.mainbrand.test_prospect_model import history

STAFF = Actor(ActorKind.STAFF, "Robin", 7)
BERLIN = ZoneInfo("Europe/Berlin")


def put_policy(session: Session, now: datetime, **values: object) -> None:
    stored = to_values(Policy(**values))  # type: ignore[arg-type]
    make.saved(session, PolicyVersion(values=stored, changed_by="test", reason="test", created_at=now))


def buy(session: Session, number: str, cents: int, *at: datetime) -> None:
    rows = [
        Purchase(
            import_key=f"{number}-{moment.isoformat()}", account_number=number, invoice_number=f"R{n}", sku=f"S{n % 3}",
            quantity_milli=2000, net_cents=cents, currency="EUR", purchased_at=moment,
        )
        for n, moment in enumerate(at)
    ]  # fmt: skip
    make.saved(session, *rows)


def monthly(now: datetime, count: int = 12) -> list[datetime]:
    return [now - timedelta(days=5 + 30 * n) for n in range(count)]


def rate(
    session: Session, now: datetime, *, is_proposal: bool = False, night_on: date | None = None
) -> Rated:
    return rate_accounts(
        session,
        as_of=None,
        is_dry_run=False,
        is_proposal=is_proposal,
        night_on=night_on,
        actor=STAFF,
        now=now,
    )


def account(session: Session, number: str) -> MainAccount:
    session.rollback()
    session.expire_all()
    return session.exec(select(MainAccount).where(col(MainAccount.account_number) == number)).one()


def proposal(session: Session) -> RatingRun:
    run = open_proposal(session)
    assert run is not None
    session.rollback()
    return run


def changes(session: Session, number: str) -> list[tuple[Segment, Segment, Cause]]:
    of = account(session, number).id
    rows = session.exec(
        select(SegmentChange).where(col(SegmentChange.main_account_id) == of).order_by(col(SegmentChange.id))
    )
    return [(row.old_segment, row.new_segment, row.cause) for row in rows]


def test_low_revenue_at_a_fast_pace_is_b_and_its_evidence_says_why(session: Session, now: datetime) -> None:
    buy(session, "slow", 30_000, *monthly(now))
    buy(session, "fast", 300_000, now - timedelta(days=3), now - timedelta(days=40))

    rate(session, now)

    slow, fast = account(session, "slow"), account(session, "fast")
    assert (slow.segment, slow.revenue_12m_cents) == (Segment.C, 360_000)
    assert (fast.segment, fast.revenue_12m_cents) == (Segment.B, 600_000)
    assert slow.evidence is not None
    assert fast.evidence is not None
    known = {
        name: slow.evidence[name]
        for name in ("method", "month_count", "order_count", "article_count", "prospect_bp")
    }
    assert known == {
        "method": "rule",
        "month_count": 11,
        "order_count": 12,
        "article_count": 3,
        "prospect_bp": slow.prospect_bp,
    }
    assert {change["kind"] for change in slow.evidence["changes"]} >= {"reach_b"}
    assert {change["kind"]: change.get("count") for change in fast.evidence["changes"]}["quiet_months"] == 6


def test_the_operators_own_history_makes_a_model_that_is_kept_and_used_again(
    session: Session, now: datetime
) -> None:
    days = history(500, days=800)
    shift = now - datetime(2023, 1, 1, tzinfo=UTC) - timedelta(days=801)
    with transaction(session):
        for row in days.iter_rows(named=True):
            at = datetime.combine(row["day"], datetime.min.time(), tzinfo=UTC) + shift
            session.add(
                Purchase(
                    import_key=f"{row['account_number']}{row['day']}", account_number=row["account_number"],
                    invoice_number="R", sku="S", quantity_milli=9000, net_cents=row["gross_cents"], currency="EUR",
                    purchased_at=at,
                )
            )  # fmt: skip
        put_policy(session, now, b_threshold_cents=300_000, a_threshold_cents=2_000_000)

    first = rate(session, now)
    again = rate(session, now + timedelta(days=1))
    much_later = rate(session, now + timedelta(days=40))

    models = session.exec(select(ProspectModel)).all()
    assert (first.summary["method"], again.changed_count) == ("model", 0)
    assert len(models) == 2
    assert much_later.summary["method"] == "model"
    assert models[0].parameters["main"] == models[1].parameters["main"]
    run = session.exec(select(RatingRun).order_by(col(RatingRun.id))).first()
    assert run is not None
    assert run.prospect_model_id == models[0].id
    low = session.exec(select(MainAccount).where(col(MainAccount.revenue_12m_cents) < 300_000)).all()
    assert {one.segment for one in low} == {Segment.B, Segment.C}
    assert all((one.segment is Segment.B) == ((one.prospect_bp or 0) >= 1500) for one in low)
    assert all(
        (one.prospect_low_bp or 0) <= (one.prospect_bp or 0) <= (one.prospect_high_bp or 0) for one in low
    )


@pytest.mark.parametrize("listed", [Segment.A, Segment.B, None])
def test_purchases_in_another_currency_make_nobody_a_c_customer(
    session: Session, now: datetime, listed: Segment | None
) -> None:
    make.main_account(session, account_number="X1", segment=listed or Segment.C, listed_segment=listed)
    buy(session, "X1", 9_000_00, now - timedelta(days=9))
    with transaction(session):
        for purchase in session.exec(select(Purchase)):
            purchase.currency = "USD"
    buy(session, "X1", 2_00, now - timedelta(days=8))

    rate(session, now)

    assert account(session, "X1").segment is (listed or Segment.UNRATED)


def test_euros_that_reach_a_bound_count_whatever_else_was_bought(session: Session, now: datetime) -> None:
    buy(session, "X1", 9_000_00, now - timedelta(days=9))
    with transaction(session):
        for purchase in session.exec(select(Purchase)):
            purchase.currency = "USD"
    buy(session, "X1", 60_000_00, now - timedelta(days=8))

    rate(session, now)

    assert account(session, "X1").segment is Segment.A


def test_by_shares_the_customers_that_make_the_first_four_fifths_are_a(
    session: Session, now: datetime
) -> None:
    put_policy(session, now, rating_mode=RatingMode.SHARES)
    for number, cents in (("1", 100_000), ("2", 50_000), ("3", 20_000), ("4", 2_000), ("5", 1_000)):
        buy(session, number, cents, *monthly(now, 10))

    rated = rate(session, now)

    assert [account(session, number).segment for number in "123"] == [Segment.A, Segment.A, Segment.B]
    assert account(session, "5").segment is Segment.C
    assert (rated.summary["a_cents"], rated.summary["b_cents"]) == (500_000, 200_000)


def test_sales_judgement_moves_a_company_over_the_bound(session: Session, now: datetime) -> None:
    for number, judgement in (("plain", None), ("liked", Judgement.HIGH)):
        make.main_account(session, account_number=number, sales_judgement=judgement, segment=Segment.UNRATED)
        buy(session, number, 60_000, *monthly(now))

    rate(session, now)

    assert (account(session, "plain").segment, account(session, "liked").segment) == (Segment.C, Segment.B)


def test_a_proposal_changes_no_account_until_it_is_applied(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    member = make.customer(
        session, main_account_id=make.main_account(session, account_number="4711", segment=Segment.C).id
    )
    make.contact(session, of=member)

    shown = rate(session, now, is_proposal=True)

    assert account(session, "4711").segment is Segment.C
    assert (shown.summary["moved"], shown.summary["lost"], shown.summary["gained"]) == (1, 1, 0)
    apply_rating(session, proposal(session).id or 0, actor=STAFF, now=now)
    assert account(session, "4711").segment is Segment.A
    assert changes(session, "4711") == [(Segment.C, Segment.A, Cause.RATING)]
    actions = session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))).all()
    assert actions == ["rating.proposed", "rating.applied"]
    assert len(session.exec(select(Job).where(col(Job.kind) == "screen_all")).all()) == 1


def test_a_newer_proposal_takes_the_place_of_the_older_one(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now, is_proposal=True)
    older = proposal(session)

    rate(session, now, is_proposal=True)

    with pytest.raises(Refused) as refused:
        apply_rating(session, older.id or 0, actor=STAFF, now=now)
    assert refused.value.code == "rating.not_open"
    assert {one.run_id for one in session.exec(select(RatingResult))} == {proposal(session).id}


def test_a_proposal_that_is_out_of_date_is_not_applied(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now, is_proposal=True)
    buy(session, "4711", 1, now - timedelta(days=2))

    with pytest.raises(Refused) as refused:
        apply_rating(session, proposal(session).id or 0, actor=STAFF, now=now)

    assert refused.value.code == "rating.outdated"
    assert account(session, "4711").segment is Segment.UNRATED
    assert proposal(session).state is RunState.PROPOSED


def test_undoing_gives_every_account_back_what_it_had(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    make.main_account(
        session, account_number="4711", segment=Segment.B, segment_reason="old", revenue_12m_cents=9
    )
    rate(session, now)
    run = last_applied(session)
    assert run is not None

    undo_rating(session, run.id or 0, reason="wrong file", actor=STAFF, now=now + timedelta(hours=1))

    back = account(session, "4711")
    assert (back.segment, back.segment_reason, back.revenue_12m_cents, back.rated_at) == (
        Segment.B,
        "old",
        9,
        None,
    )
    assert changes(session, "4711") == [
        (Segment.B, Segment.A, Cause.RATING),
        (Segment.A, Segment.B, Cause.UNDO),
    ]
    with pytest.raises(Refused):
        undo_rating(session, run.id or 0, reason="", actor=STAFF, now=now)


def test_nights_that_change_nothing_do_not_stand_in_the_way_of_undoing(
    session: Session, now: datetime
) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now)
    run = last_applied(session)
    assert run is not None
    rate(session, now + timedelta(days=1), night_on=now.date() + timedelta(days=1))

    undo_rating(session, run.id or 0, reason="", actor=STAFF, now=now + timedelta(days=2))

    assert account(session, "4711").segment is Segment.UNRATED
    states = session.exec(select(RatingRun.state).order_by(col(RatingRun.id))).all()
    assert states == [RunState.UNDONE, RunState.UNCHANGED]


def test_only_the_last_rating_is_undone(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now)
    first = last_applied(session)
    buy(session, "4712", 6_000_000, now - timedelta(days=3))
    rate(session, now + timedelta(hours=1))
    assert first is not None

    with pytest.raises(Refused) as refused:
        undo_rating(session, first.id or 0, reason="", actor=STAFF, now=now)

    assert refused.value.code == "rating.built_upon"
    assert account(session, "4711").segment is Segment.A


def test_a_rating_that_an_override_was_built_upon_is_not_undone(session: Session, now: datetime) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now)
    run = last_applied(session)
    assert run is not None
    override(session, now)

    with pytest.raises(Refused) as refused:
        undo_rating(session, run.id or 0, reason="", actor=STAFF, now=now)

    assert refused.value.code == "rating.built_upon"
    assert account(session, "4711").segment is Segment.C


def override(session: Session, now: datetime, segment: Segment = Segment.C) -> None:
    propose_override(
        session,
        Target(account_id=account(session, "4711").id),
        segment=segment,
        reason="leaves the country",
        last_on=now.date() + timedelta(days=30),
        today=now.date(),
        actor=STAFF,
        now=now,
    )


def test_an_override_survives_a_new_rating_and_ends_by_itself(session: Session, now: datetime) -> None:
    buy(session, "4711", 500_000, now - timedelta(days=3))
    rate(session, now)
    override(session, now)
    buy(session, "4711", 6_000_000, now - timedelta(days=2))

    rate(session, now + timedelta(days=1))

    during = account(session, "4711")
    assert (during.segment, during.rated_segment) == (Segment.C, Segment.A)
    assert "leaves the country" in during.segment_reason
    last_day, day_after = now.date() + timedelta(days=30), now.date() + timedelta(days=31)
    assert end_due_overrides(session, today=last_day, now=now + timedelta(days=30)) == 0
    assert end_due_overrides(session, today=day_after, now=now + timedelta(days=31)) == 1
    after = account(session, "4711")
    assert (after.segment, after.override_id) == (Segment.A, None)
    assert after.segment_reason.startswith("revenue 65,000.00")
    assert [cause for *_, cause in changes(session, "4711")] == [
        Cause.RATING,
        Cause.OVERRIDE,
        Cause.OVERRIDE_ENDED,
    ]


def test_each_night_has_one_rating_in_the_shops_own_time(session: Session, now: datetime) -> None:
    buy(session, "4711", 500_000, now - timedelta(days=3))
    evening = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # 1:30 in Berlin, on the 2nd
    night = datetime(2026, 7, 2, 1, 5, tzinfo=UTC)

    assert night_due(session, zone=BERLIN, now=evening) is None
    due = night_due(session, zone=BERLIN, now=night)
    assert due == date(2026, 7, 2)
    rate(session, night, night_on=due)

    assert night_due(session, zone=BERLIN, now=night + timedelta(hours=8)) is None
    assert night_due(session, zone=BERLIN, now=night + timedelta(days=1)) == date(2026, 7, 3)
    rate(session, night, night_on=due)
    assert len(session.exec(select(RatingRun)).all()) == 1


def test_a_policy_that_turns_the_night_off_is_obeyed(session: Session, now: datetime) -> None:
    put_policy(session, now, automatic_rating=AutomaticRating.OFF)

    assert night_due(session, zone=BERLIN, now=datetime(2026, 7, 2, 5, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("mode", "segment", "state"),
    [
        (AutomaticRating.APPLY, Segment.A, RunState.APPLIED),
        (AutomaticRating.PROPOSE, Segment.UNRATED, RunState.PROPOSED),
        (AutomaticRating.OFF, Segment.UNRATED, None),
    ],
)
def test_the_worker_rates_after_an_import_as_the_policy_says(
    shop: Shop,
    session: Session,
    now: datetime,
    mode: AutomaticRating,
    segment: Segment,
    state: RunState | None,
) -> None:
    put_policy(session, now, automatic_rating=mode)
    make.main_account(session, account_number="4711", segment=Segment.UNRATED)
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    make.saved(session, Job(kind="rate_accounts", run_at=make.NOW, created_at=make.NOW))

    run_until_idle(shop)

    assert account(session, "4711").segment is segment
    runs = session.exec(select(RatingRun)).all()
    assert [run.state for run in runs] == ([state] if state else [])


def test_a_rating_that_a_person_asks_for_is_proposed_in_their_name(
    shop: Shop, session: Session, now: datetime
) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))

    request_rating(session, actor=STAFF, now=make.NOW)
    request_rating(session, actor=STAFF, now=make.NOW)
    run_until_idle(shop)

    runs = session.exec(select(RatingRun)).all()
    assert [(run.state, run.started_by) for run in runs] == [(RunState.PROPOSED, "Robin")]


def test_a_buyer_who_fell_asleep_has_no_prospect_by_the_revenue_of_an_old_list(
    session: Session, now: datetime
) -> None:
    make.main_account(session, account_number="old", revenue_12m_cents=999_999, segment=Segment.UNRATED)
    buy(session, "old", 900_000, now - timedelta(days=500))
    buy(session, "new", 1_000, now - timedelta(days=1))

    rate(session, now)

    assert (account(session, "old").segment, account(session, "old").prospect_bp) == (Segment.C, 200)


def test_a_proposal_applied_by_six_people_at_once_is_applied_once(
    database: Database, session: Session, now: datetime
) -> None:
    buy(session, "4711", 6_000_000, now - timedelta(days=3))
    rate(session, now, is_proposal=True)
    run_id = proposal(session).id or 0
    outcomes: list[str] = []

    def click() -> None:
        with database.session() as own:
            try:
                outcomes.append(str(apply_rating(own, run_id, actor=STAFF, now=now)))
            except Refused as refused:
                outcomes.append(refused.code)

    people = [threading.Thread(target=click) for _ in range(6)]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert sorted(outcomes) == ["1", *["rating.not_open"] * 5]
    assert len(changes(session, "4711")) == 1
