"""In which sizes a bundle is sold: by its own word, its blocks' or a company's exception, always as of today."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleVersion, CatalogueState, Listing
from app.catalogue.rules.stock import StockLevel
from app.core.errors import Invalid, Refused
from app.flows.publish_bundle import publish_bundle
from app.flows.reorder import reorder
from app.insights.invariants import check_invariants
from app.ordering.models import CartLine
from app.ordering.queries_stock import rule_of, sold_now
from app.ordering.rules.quantities import check_quantity, missing_count
from app.policy.rules.policy import Policy
from tests import make
from tests.catalogue import written
from tests.flows import agreed

SILENT = {"minimum_quantity": None, "order_step": None}


def listed(session: Session, bundle_id: int) -> tuple[int, int]:
    """Minimum quantity and order step of a bundle as everybody is sold it."""
    session.rollback()
    row = session.get_one(Listing, bundle_id, populate_existing=True)
    return row.minimum_quantity, row.order_step


def state(session: Session) -> int:
    session.rollback()
    return session.exec(select(CatalogueState.version)).one()


def versions(session: Session, bundle_id: int) -> list[tuple[int, int, int | None, int | None]]:
    rows = session.exec(select(BundleVersion).where(col(BundleVersion.bundle_id) == bundle_id))
    return [
        (row.minimum_quantity, row.order_step, row.own_minimum_quantity, row.own_order_step) for row in rows
    ]


def test_a_silent_bundle_is_sold_as_its_blocks_are_and_follows_them_at_once(session: Session) -> None:
    seal = written.block(session, sku="ET-7", minimum_quantity_milli=48_000, order_step_milli=24_000)
    bundle_id = written.bundle(session, items=[(seal, 6)], **SILENT)
    before = state(session)

    first = listed(session, bundle_id)
    written.block(session, sku="ET-7", block_id=seal, order_step_milli=12_000)

    assert first == (8, 4)
    assert listed(session, bundle_id) == (1, 2)
    assert state(session) > before
    assert versions(session, bundle_id) == [(8, 4, None, None)]
    assert check_invariants(session, now=written.NOW) == []


def test_a_bundle_that_speaks_for_itself_keeps_its_word_in_that_field_alone(session: Session) -> None:
    seal = written.block(session, sku="ET-7")
    bundle_id = written.bundle(session, items=[(seal, 1)], minimum_quantity=None, order_step=10)
    before = state(session)

    written.block(session, sku="ET-7", block_id=seal, minimum_quantity_milli=48_000, order_step_milli=24_000)

    assert listed(session, bundle_id) == (48, 10)
    assert state(session) > before
    assert versions(session, bundle_id) == [(1, 10, None, 10)]


def test_a_block_whose_word_changes_no_bundle_leaves_the_catalogue_as_it_is(session: Session) -> None:
    seal = written.block(session, sku="ET-7")
    bundle_id = written.bundle(session, items=[(seal, 1)], minimum_quantity=2, order_step=2)
    before = state(session)

    written.block(session, sku="ET-7", block_id=seal, order_step_milli=24_000)

    assert (listed(session, bundle_id), state(session)) == ((2, 2), before)


def test_larger_sizes_set_the_level_of_stock_anew_for_all_blocks_of_the_bundle(session: Session) -> None:
    seal = written.block(session, sku="ET-7")
    other = make.block(session, stock_milli=40_000)
    bundle_id = written.bundle(session, items=[(seal, 1), (other.id or 0, 1)], **SILENT)

    written.block(session, sku="ET-7", block_id=seal, minimum_quantity_milli=48_000)

    session.rollback()
    assert session.get_one(Listing, bundle_id, populate_existing=True).stock_level is StockLevel.NONE
    assert check_invariants(session, now=written.NOW) == []


def test_a_block_does_not_take_a_size_in_which_a_bundle_on_sale_could_not_be_ordered(
    session: Session,
) -> None:
    seal = written.block(session, sku="ET-7")
    bundle_id = written.bundle(session, items=[(seal, 1)], maximum_quantity=20, **SILENT)
    before = state(session)

    with pytest.raises(Invalid) as invalid:
        written.block(session, sku="ET-7", block_id=seal, order_step_milli=24_000)

    (fault,) = invalid.value.fields
    assert (fault.field, fault.values) == ("order_step_milli", {"name": "lager-satz", "least": 24})
    assert (listed(session, bundle_id), state(session)) == ((1, 1), before)


def test_a_bundle_that_nobody_could_order_is_not_published(session: Session) -> None:
    seal = written.block(session, sku="ET-7")
    bundle_id = written.draft_bundle(session, items=[(seal, 1)], maximum_quantity=20, **SILENT)
    written.block(session, sku="ET-7", block_id=seal, order_step_milli=24_000)

    with pytest.raises(Refused) as refused:
        publish_bundle(session, bundle_id, actor=written.STAFF, now=written.NOW)

    assert refused.value.code == "bundle.unorderable"
    assert session.get(Listing, bundle_id) is None


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"minimum_quantity_milli": 0}, "minimum_quantity_milli"),
        ({"order_step_milli": 9_999_001}, "order_step_milli"),
        ({"order_step_milli": 2_500}, "order_step_milli"),
    ],
)
def test_a_block_is_sold_in_whole_units_from_one_up_to_9999(
    session: Session, changes: dict[str, int], field: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        written.block(session, sku="ET-7", **changes)

    assert [fault.field for fault in invalid.value.fields] == [field]


def sizes_for(session: Session, customer_id: int, bundle: Bundle, *, days: int = 0) -> list[int]:
    """The first three quantities that a company may order, some days from now."""
    bundle_id, now = bundle.id or 0, make.NOW + timedelta(days=days)
    session.rollback()
    row = sold_now(session, customer_id, [bundle_id], now=now)[bundle_id]
    rule = rule_of(row, available_count=None, policy=Policy())
    fitting = (one for one in range(1, 1_000) if check_quantity(one, rule) is None)
    return [one for one in fitting if missing_count(one, rule) == 0][:3]


def test_an_exception_holds_for_its_company_its_bundle_and_its_fields_until_it_ends(session: Session) -> None:
    one, other = make.customer(session), make.customer(session)
    kit = make.bundle(session, minimum_quantity=48, order_step=24)
    spare = make.bundle(session, minimum_quantity=48, order_step=24)
    ends_at = make.NOW + timedelta(days=10)
    agreed.agreement(session, of=one, bundle=kit, minimum_quantity=12, order_step=12, ends_at=ends_at)
    agreed.agreement(session, of=one, bundle=spare, minimum_quantity=20, ends_at=ends_at)

    assert sizes_for(session, one.id or 0, kit) == [12, 24, 36]
    assert sizes_for(session, one.id or 0, spare) == [24, 48, 72]
    assert sizes_for(session, other.id or 0, kit) == [48, 72, 96]
    assert sizes_for(session, one.id or 0, kit, days=10) == [48, 72, 96]


def test_an_exception_that_a_person_ended_holds_no_more(session: Session) -> None:
    company, kit = make.customer(session), make.bundle(session, minimum_quantity=48, order_step=24)
    agreed.agreement(session, of=company, bundle=kit, order_step=1, ended_at=make.NOW)

    assert sizes_for(session, company.id or 0, kit) == [48, 72, 96]


def test_a_reorder_takes_the_sizes_that_the_company_may_order_now(session: Session) -> None:
    company, kit = make.customer(session), make.bundle(session, minimum_quantity=48, order_step=24)
    contact = make.contact(session, of=company)
    order = make.order(session, of=company, by=contact, bundle=kit)
    agreed.agreement(session, of=company, bundle=kit, minimum_quantity=10, order_step=10)

    reorder(session, order_number=order.number, customer_id=company.id or 0, now=make.NOW)

    session.rollback()
    assert session.exec(select(CartLine.quantity)).all() == [10]
