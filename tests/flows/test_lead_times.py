"""A bundle is never promised sooner than the main brand's blocks, also when those take longer by now."""

from dataclasses import replace

import pytest
from sqlmodel import Session, select

from app.catalogue.models import Block, Bundle, CatalogueState, Listing
from app.catalogue.queries import published_bundle
from app.catalogue.queries_blocks import entry_of
from app.catalogue.service import rebuild_listings
from app.core.transaction import transaction
from app.flows.save_block import save_block
from app.ordering.queries_checkout import lead_time_of_order, read_checkout
from tests import make
from tests.catalogue import written
from tests.flows.till import CALENDAR


def change_lead_time(session: Session, block_id: int, days: int) -> None:
    session.rollback()
    entry = entry_of(session.get_one(Block, block_id), "")
    save_block(
        session,
        replace(entry, main_brand_lead_time_days=days),
        block_id=block_id,
        actor=written.STAFF,
        now=written.NOW,
    )
    session.rollback()


@pytest.mark.parametrize("days, promised", [(40, 40), (3, 3), (1, 2)])
def test_a_changed_lead_time_moves_what_is_promised_and_never_below_what_was_published(
    session: Session, days: int, promised: int
) -> None:
    block_id, other = written.block(session), written.block(session, sku="ET-2", main_brand_lead_time_days=1)
    bundle_id = written.bundle(session, items=[(block_id, 2), (other, 1)])
    version = session.exec(select(CatalogueState.version)).one()
    bundle = session.get_one(Bundle, bundle_id)
    with transaction(session):
        company = make.customer(session)
        line = make.cart_line(session, of=company, bundle=bundle)
        order = make.order(session, of=company, by=make.contact(session, of=company), bundle=bundle)

    change_lead_time(session, block_id, days)

    assert session.exec(select(Listing.main_brand_lead_time_days)).all() == [promised]
    assert session.exec(select(CatalogueState.version)).one() == version + (promised != 2)
    assert published_bundle(session, "lager-satz", language="de").main_brand_lead_time_days == promised
    checkout = read_checkout(session, line.customer_id, calendar=CALENDAR, now=written.NOW)
    assert [one.lead_time_days for one in checkout.lines] == [promised]
    assert lead_time_of_order(session, order.id or 0) == promised
    with transaction(session):
        rebuild_listings(session)
    assert session.exec(select(Listing.main_brand_lead_time_days)).all() == [promised]
