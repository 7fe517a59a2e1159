"""Discovery in the shop: runs, what a person decides, drafts with their evidence, notes, and what sold."""

import threading
from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.catalogue.models import BlockNote, Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused, ShopError
from app.core.transaction import transaction
from app.flows.decide_proposal import dismiss_proposal, reopen_proposal, request_discovery
from app.flows.discover_bundles import Discovered, discover_bundles
from app.flows.draft_proposal import draft_proposal
from app.flows.write_note import write_note
from app.insights.models import DiscoveryRun, Proposal, ProposalState
from app.insights.proposals import find_twins, read_proposals
from app.insights.rules.proposing import set_key
from app.insights.sold import read_sold
from app.mainbrand.models import Purchase
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import OrderState
from app.shop import Shop
from app.worker import run_until_idle
from tests import make

STAFF = Actor(ActorKind.STAFF, "Robin", 7)
SETS = {frozenset(("SEAL", "GREASE")), frozenset(("TAPE", "GLOVE"))}


def buy(
    session: Session, account: str, invoice: str, *skus: str, cents: int = 600, days_ago: int = 20
) -> None:
    rows = [
        Purchase(
            import_key=f"{invoice}-{sku}", account_number=account, invoice_number=invoice, sku=sku,
            description=f"main brand's {sku}", quantity_milli=6000, net_cents=cents, currency="EUR",
            purchased_at=make.NOW - timedelta(days=days_ago),
        )
        for sku in skus
    ]  # fmt: skip
    make.saved(session, *rows)


@pytest.fixture
def history(session: Session) -> None:
    """Twenty C-customers, who buy two pairs, and an A-customer, who buys something else and the seal for more."""
    for number in range(20):
        make.main_account(session, account_number=f"C{number}", segment=Segment.C)
        pair = ("SEAL", "GREASE") if number % 2 else ("TAPE", "GLOVE")
        buy(session, f"C{number}", f"R{number}", *pair)
    make.main_account(session, account_number="A1", segment=Segment.A)
    for number in range(20):
        buy(session, "A1", f"A{number}", "PUMP", "MOTOR", cents=90_000)
    buy(session, "A1", "A99", "SEAL", cents=1_000)


def run(session: Session, *, days_later: int = 0) -> Discovered:
    return discover_bundles(session, actor=STAFF, now=make.NOW + timedelta(days=days_later))


def proposal(session: Session, *skus: str) -> Proposal:
    session.rollback()
    return session.exec(select(Proposal).where(col(Proposal.set_key) == set_key(skus))).one()


@pytest.mark.parametrize(("days_ahead", "currency"), [(400, "EUR"), (0, "USD")])
def test_a_line_dated_ahead_or_in_another_currency_does_not_move_the_year(
    history: None, session: Session, days_ahead: int, currency: str
) -> None:
    buy(session, "C0", "R-ahead", "SEAL", days_ago=-days_ahead)
    with transaction(session):
        line = session.exec(select(Purchase).where(col(Purchase.invoice_number) == "R-ahead")).one()
        line.currency = currency

    assert run(session).until == (make.NOW - timedelta(days=19)).date()
    assert {frozenset(one.skus) for one in read_proposals(session, ProposalState.OPEN)} >= SETS


@pytest.mark.database
def test_a_run_keeps_what_it_finds_and_a_second_one_changes_no_proposal(
    session: Session, history: None
) -> None:
    first = run(session)
    before = [one.model_dump(exclude={"run_id"}) for one in read_proposals(session, ProposalState.OPEN)]
    again = run(session, days_later=1)
    after = [one.model_dump(exclude={"run_id"}) for one in read_proposals(session, ProposalState.OPEN)]

    found = {frozenset(item["sku"] for item in one["items"]) for one in before}
    assert {one for one in found if len(one) > 1} == SETS
    assert not {"PUMP", "MOTOR"} & {sku for one in found for sku in one}
    assert (first.added_count, first.renewed_count, first.gone_count) == (len(before), 0, 0)
    assert (again.added_count, again.renewed_count, again.gone_count) == (0, len(before), 0)
    assert after == before
    newest = session.exec(select(DiscoveryRun).order_by(col(DiscoveryRun.id).desc())).first()
    assert newest is not None
    assert (newest.basket_count, newest.buyer_count, newest.found_count) == (20, 20, len(before))
    assert session.exec(select(AuditEntry.action)).all() == ["bundles.discovered"] * 2


@pytest.mark.database
def test_two_runs_at_once_leave_each_set_once_and_none_behind(
    database: Database, session: Session, history: None
) -> None:
    answers: list[int | None] = []

    def look() -> None:
        with database.session() as own:
            answers.append(run(own).run_id)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.rollback()
    proposals = read_proposals(session, ProposalState.OPEN)
    assert sorted(run_id or 0 for run_id in answers) == [1, 2, 3]
    assert {one.skus for one in proposals if len(one.items) > 1} == SETS
    assert len({one.run_id for one in proposals}) == 1


def test_what_is_not_found_again_is_gone_but_what_was_decided_stays(session: Session, history: None) -> None:
    run(session)
    dismiss_proposal(
        session, proposal(session, "TAPE", "GLOVE").id or 0, reason="sold as a set", actor=STAFF, now=make.NOW
    )
    # All of it is over a year old once somebody buys again.
    buy(session, "A1", "LATE", "PUMP", days_ago=-400)

    later = run(session, days_later=400)

    assert later.gone_count > 0
    assert read_proposals(session, ProposalState.OPEN) == []
    kept = proposal(session, "TAPE", "GLOVE")
    assert (kept.state, kept.reason, kept.decided_by) == (ProposalState.DISMISSED, "sold as a set", "Robin")


def test_a_dismissed_set_is_not_proposed_again_until_it_is_reopened(session: Session, history: None) -> None:
    run(session)
    one = proposal(session, "TAPE", "GLOVE").id or 0

    with pytest.raises(Invalid):
        dismiss_proposal(session, one, reason="  ", actor=STAFF, now=make.NOW)
    assert proposal(session, "TAPE", "GLOVE").state is ProposalState.OPEN

    dismiss_proposal(session, one, reason="too heavy", actor=STAFF, now=make.NOW)
    run(session)
    assert proposal(session, "TAPE", "GLOVE").state is ProposalState.DISMISSED
    with pytest.raises(Refused):
        dismiss_proposal(session, one, reason="twice", actor=STAFF, now=make.NOW)

    reopen_proposal(session, one, actor=STAFF, now=make.NOW)
    assert proposal(session, "TAPE", "GLOVE").state is ProposalState.OPEN
    with pytest.raises(Refused):
        reopen_proposal(session, one, actor=STAFF, now=make.NOW)
    with pytest.raises(NotFound):
        reopen_proposal(session, 999, actor=STAFF, now=make.NOW)


def test_a_draft_holds_blocks_quantities_and_a_price_that_passes_with_its_evidence(
    session: Session, history: None
) -> None:
    make.block(session, sku="SEAL", name_de="Dichtung groß", name_en="Seal", unit_cost_cents=50)
    make.block(session, sku="GREASE", name_de="Fett", name_en="Grease", unit_cost_cents=20)
    run(session)
    one = proposal(session, "SEAL", "GREASE").id or 0

    bundle_id = draft_proposal(session, one, actor=STAFF, now=make.NOW)

    bundle = session.get_one(Bundle, bundle_id)
    version = session.exec(select(BundleVersion).where(col(BundleVersion.bundle_id) == bundle_id)).one()
    items = session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id)).all()
    assert (bundle.state, bundle.slug) == (BundleState.DRAFT, f"fett-dichtung-gross-p{one}")
    assert (version.name_de, version.name_en) == ("6 × Fett + 6 × Dichtung groß", "6 × Grease + 6 × Seal")
    assert {(item.sku, item.quantity_milli) for item in items} == {("SEAL", 6000), ("GREASE", 6000)}
    drafted = proposal(session, "SEAL", "GREASE")
    assert (drafted.state, drafted.bundle_id, drafted.decided_by) == (
        ProposalState.DRAFTED,
        bundle_id,
        "Robin",
    )
    price = drafted.evidence["price"]
    # C paid 6.00 for each six; the A-customer 10.00 for the seals.
    assert (price["c_cents"], price["ab_cents"]) == (1200, 1600)
    assert version.price_cents == price["price_cents"] == max(1600, price["lowest_cents"])
    assert price["margin_cents"] > 0


def test_a_draft_is_made_once_even_by_two_at_once(
    database: Database, session: Session, history: None
) -> None:
    for sku in ("SEAL", "GREASE"):
        make.block(session, sku=sku)
    run(session)
    one = proposal(session, "SEAL", "GREASE").id or 0
    answers: list[str] = []

    def draft() -> None:
        with database.session() as own:
            try:
                draft_proposal(own, one, actor=STAFF, now=make.NOW)
                answers.append("drafted")
            except ShopError as error:
                answers.append(error.code)

    threads = [threading.Thread(target=draft) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.rollback()
    assert sorted(answers) == ["drafted", *["proposal.not_open"] * 3]
    assert len(session.exec(select(Bundle)).all()) == 1


@pytest.mark.parametrize(
    "blocks, code",
    [
        ({"SEAL": {}}, "proposal.unknown_blocks"),
        ({"SEAL": {}, "GREASE": {"is_hazardous": True}}, "proposal.kept_out"),
        ({"SEAL": {}, "GREASE": {"is_restricted": True}}, "proposal.kept_out"),
    ],
)
def test_no_draft_is_made_of_blocks_that_are_not_there_or_stay_out_of_the_shop(
    session: Session, history: None, blocks: dict[str, dict[str, bool]], code: str
) -> None:
    for sku, values in blocks.items():
        make.block(session, sku=sku, **values)
    run(session)

    with pytest.raises(Refused) as refused:
        draft_proposal(session, proposal(session, "SEAL", "GREASE").id or 0, actor=STAFF, now=make.NOW)

    assert refused.value.code == code
    assert proposal(session, "SEAL", "GREASE").state is ProposalState.OPEN
    assert session.exec(select(Bundle)).all() == []


def test_a_bundle_of_nearly_the_same_blocks_is_named_unless_it_is_retired(
    session: Session, history: None
) -> None:
    parts = [(make.block(session, sku=sku), 1) for sku in ("SEAL", "GREASE", "RING")]
    bundle = make.bundle(session, items=parts, name_en="Seal set")
    run(session)
    proposals = read_proposals(session, ProposalState.OPEN)

    twins = find_twins(session, proposals)

    one = proposal(session, "SEAL", "GREASE").id or 0
    assert set(twins) == {one}
    assert (twins[one].bundle_id, twins[one].name_en) == (bundle.id, "Seal set")
    assert twins[one].share == pytest.approx(2 / 3)


def test_the_forecast_is_set_against_accepted_orders_since_publication(session: Session) -> None:
    parts = [(make.block(session, sku=sku), 6) for sku in ("SEAL", "GREASE")]
    bundle = make.bundle(session, items=parts)
    one = make.proposal(session, "SEAL", "GREASE", bundle=bundle, expected_orders=73, expected_buyers=40)
    buyer = make.customer(session)
    contact = make.contact(session, of=buyer)
    for state in (OrderState.ACCEPTED, OrderState.DISPATCHED, OrderState.RECEIVED, OrderState.CANCELLED):
        make.order(session, of=buyer, by=contact, bundle=bundle, state=state)

    sold = read_sold(session, [one], now=make.NOW + timedelta(days=50))[bundle.id or 0]

    assert (sold.published_at, sold.days) == (make.NOW, 50)
    assert (sold.expected_orders, sold.order_count) == (10, 2)
    assert (sold.expected_buyers, sold.buyer_count) == (10, 1)


def test_the_worker_looks_through_the_purchases_when_staff_ask_and_asking_twice_is_asking_once(
    session: Session, shop: Shop, history: None
) -> None:
    request_discovery(session, actor=STAFF, now=make.NOW)
    request_discovery(session, actor=STAFF, now=make.NOW)

    run_until_idle(shop)

    session.rollback()
    (run_,) = session.exec(select(DiscoveryRun)).all()
    assert run_.started_by == "Robin"


def test_no_purchases_are_no_run(session: Session) -> None:
    assert run(session).run_id is None
    assert session.exec(select(DiscoveryRun)).all() == []


def test_a_note_needs_a_text_and_a_day_that_has_come(session: Session) -> None:
    block = make.block(session)

    def note(text: str, on: date | None, block_id: int | None = block.id) -> None:
        write_note(
            session,
            block_id=block_id,
            text=text,
            visited_on=on,
            actor=STAFF,
            today=date(2026, 3, 2),
            now=make.NOW,
        )

    for text, on in ((" ", None), ("x" * 2001, None), ("They drill with it.", date(2026, 3, 3))):
        with pytest.raises(Invalid):
            note(text, on)
    with pytest.raises(NotFound):
        note("They drill with it.", None, block_id=999)
    assert session.exec(select(BlockNote)).all() == []

    note(" They drill with it. ", date(2026, 3, 2))
    (kept,) = session.exec(select(BlockNote)).all()
    assert (kept.text, kept.visited_on, kept.written_by) == ("They drill with it.", date(2026, 3, 2), "Robin")
