"""Lists of blocks: read by the real process, previewed, written with their history, and taken back."""

import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Block, BlockPrice, BundleMargin, Partner
from app.catalogue.queries_block_list import BlockFilter, each_block
from app.catalogue.queries_blocks import entry_of
from app.catalogue.rules.kinds import Kind, Packaging, PriceCause, Source
from app.catalogue.rules.stock import ReservationState
from app.catalogue.service_blocks import lock_blocks, partner_ids
from app.core.db import Database
from app.core.errors import Refused
from app.flows.retire_bundle import retire_bundle
from app.flows.start_import import start_import
from app.flows.undo_import import undo_import
from app.imports import service_blocks
from app.imports.block_export import as_csv, write_xlsx
from app.imports.rules.states import ImportKind, ImportState
from app.mainbrand.rules.notation import NumberStyle
from tests import make
from tests.catalogue import written
from tests.flows.shelf import ONE, Figures, counted_bundle, figures, held, stock_faults, till_with
from tests.imports.hand_in import CLERK, Office
from tests.imports.test_block_lines import FULL, LINE
from tests.races import around_transaction

BLOCKS = ImportKind.BLOCKS


def block(session: Session, sku: str) -> Block:
    session.rollback()
    return session.exec(select(Block).where(col(Block.sku) == sku)).one()


def facts(session: Session) -> list[tuple[Any, ...]]:
    session.rollback()
    rows = session.exec(select(Block).order_by(col(Block.id)))
    return [
        (row.sku, row.name_de, row.unit_cost_cents, row.partner_id, row.kind, row.packaging) for row in rows
    ]


def test_a_full_line_becomes_a_block_with_its_partner_and_a_second_time_changes_nothing(
    office: Office, session: Session
) -> None:
    entry = office.applied(FULL + LINE + "\n", kind=BLOCKS)
    again = office.applied(FULL + LINE + "\n", kind=BLOCKS)

    assert (entry.state, entry.new_count, entry.rejected_count) == (ImportState.APPLIED, 1, 0)
    assert (again.new_count, again.changed_count, again.unchanged_count) == (0, 0, 1)
    made = block(session, "A-1")
    assert (made.unit_code, made.unit_cost_cents, made.main_brand_price_cents) == ("C62", 180, 490)
    assert (made.kind, made.source, made.packaging) == (Kind.SPARE_PART, Source.SPECIALIST, Packaging.CARTON)
    assert (made.vat_rate_bp, made.partner_cost_cents, made.packing_cost_cents) == (1_900, 40, 15)
    assert (made.weight_g, made.is_made_to_order, made.cpv_code) == (250, False, "44440000-6")
    assert [(one.id, one.name) for one in session.exec(select(Partner))] == [
        (made.partner_id, "Härterei Nord")
    ]


def test_a_price_list_changes_the_known_blocks_and_nothing_that_it_does_not_name(
    office: Office, session: Session
) -> None:
    written.block(session, sku="A", text_de="bleibt", partner="Härterei", partner_cost_cents=10)
    written.block(session, sku="B")

    entry = office.applied("SKU;Einkaufspreis\nA;2,50\nB;2,00\nC;9,00\n", kind=BLOCKS)

    assert (entry.new_count, entry.changed_count, entry.unchanged_count, entry.rejected_count) == (0, 1, 1, 1)
    changed = block(session, "A")
    assert (changed.unit_cost_cents, changed.text_de, changed.partner_cost_cents) == (250, "bleibt", 10)
    lines = select(BlockPrice.unit_cost_cents, BlockPrice.changed_by).where(
        col(BlockPrice.cause) == PriceCause.IMPORT
    )
    assert session.exec(lines).all() == [(250, "Kim Büro")]
    assert "is missing, and this block is not known yet" in office.rejects(entry)
    assert session.exec(select(AuditEntry).where(col(AuditEntry.action) == "blocks.imported")).one().new == {
        "new": 0, "changed": 1, "unchanged": 1, "rejected": 1, "noted": 0,
    }  # fmt: skip


def test_german_and_english_amounts_are_read_as_the_source_writes_them(
    office: Office, session: Session
) -> None:
    written.block(session, sku="A")
    import_id = office.hand_in("SKU;Einkaufspreis\nA;1.234\n", kind=BLOCKS, source="ERP")
    office.map(import_id, numbers=NumberStyle.GERMAN)
    assert office.check(import_id).changed_count == 1

    later = office.hand_in("SKU;Einkaufspreis\nA;2.345\n", kind=BLOCKS, source="ERP")
    assert office.entry(later).number_style is NumberStyle.GERMAN


def test_a_list_takes_no_bundle_off_the_shop(office: Office, session: Session) -> None:
    sold, free = written.block(session, sku="A"), written.block(session, sku="B")
    written.bundle(session, items=[(sold, 1)])

    entry = office.applied("SKU;Gefahrgut\nA;ja\nB;ja\n", kind=BLOCKS)

    assert (entry.changed_count, entry.rejected_count) == (1, 1)
    assert "a bundle on sale holds this block" in office.rejects(entry)
    assert [block(session, sku).is_hazardous for sku in "AB"] == [False, True]
    assert free


def test_the_margins_follow_an_import_and_its_undoing(office: Office, session: Session) -> None:
    block_id = written.block(session, sku="A", unit_cost_cents=200)
    bundle_id = written.bundle(session, items=[(block_id, 4)])

    def is_below() -> bool:
        session.rollback()
        return session.get_one(BundleMargin, bundle_id, populate_existing=True).is_below_floor

    assert not is_below()
    entry = office.applied("SKU;Einkaufspreis\nA;6,00\n", kind=BLOCKS)
    assert is_below()
    undo_import(session, entry.id or 0, actor=CLERK, now=office.now)
    assert not is_below()


def test_open_orders_hold_what_an_import_or_its_undoing_lets_be_counted(
    office: Office, session: Session, database: Database
) -> None:
    bundle_id, block_id = counted_bundle(session, pieces=8)
    till = till_with(session, database, {bundle_id: 2}, now=office.now)[0]
    sku = session.get_one(Block, block_id).sku
    to_order = office.applied(f"SKU;auf Bestellung\n{sku};ja\n", kind=BLOCKS)
    number = till.place().number
    assert held(database, number) == {}

    undo_import(session, to_order.id or 0, actor=CLERK, now=office.now)
    assert held(database, number) == {block_id: (2 * ONE, ReservationState.HELD)}

    office.applied(f"SKU;auf Bestellung\n{sku};ja\n", kind=BLOCKS)
    second = till.place(key="key-2").number
    office.applied(f"SKU;auf Bestellung\n{sku};nein\n", kind=BLOCKS)
    assert held(database, second) == {block_id: (2 * ONE, ReservationState.HELD)}
    assert figures(database, block_id) == Figures(8 * ONE, 2 * ONE)
    assert stock_faults(database, now=office.now) == []


def test_undoing_deletes_what_was_added_and_puts_the_rest_back(office: Office, session: Session) -> None:
    written.block(session, sku="A-1", partner="Alt", kind=Kind.SERVICE)
    before = facts(session)
    entry = office.applied(FULL + LINE + "\n" + LINE.replace("A-1", "A-2") + "\n", kind=BLOCKS)
    assert facts(session) != before

    undone = undo_import(session, entry.id or 0, actor=CLERK, now=office.now)

    assert (undone.removed_count, undone.restored_count) == (1, 1)
    assert facts(session) == before
    costs = session.exec(select(BlockPrice.unit_cost_cents).order_by(col(BlockPrice.id))).all()
    assert costs == [200, 180, 200]


def test_what_was_changed_or_used_since_is_not_undone(office: Office, session: Session) -> None:
    entry = office.applied(FULL + LINE + "\n" + LINE.replace("A-1", "A-2") + "\n", kind=BLOCKS)
    used = block(session, "A-1").id or 0
    written.draft_bundle(session, items=[(used, 1)])
    written.block(session, block_id=block(session, "A-2").id, sku="A-2", unit_cost_cents=1)
    before = facts(session)

    with pytest.raises(Refused) as refused:
        undo_import(session, entry.id or 0, actor=CLERK, now=office.now)

    assert (refused.value.code, refused.value.values) == ("import.in_use", {"count": 2})
    assert facts(session) == before


def test_an_empty_cell_changes_no_mark_and_makes_nothing_cheaper(office: Office, session: Session) -> None:
    said = {
        "is_hazardous": True, "is_restricted": True, "is_made_to_order": True, "weight_g": 250,
        "packing_cost_cents": 15, "partner": "Härterei", "partner_cost_cents": 40,
        "source": Source.SPECIALIST, "packaging": Packaging.CARTON,
    }  # fmt: skip
    written.block(session, sku="A-1", text_de="bleibt nicht", **said)
    before = entry_of(block(session, "A-1"), "Härterei")
    titles = FULL.strip() + ";beschränkt;Text Deutsch\n"

    entry = office.applied(titles + "A-1" + ";" * titles.count(";") + "\n", kind=BLOCKS)

    assert (entry.changed_count, entry.rejected_count) == (1, 0)
    kept = block(session, "A-1")
    assert entry_of(kept, session.get_one(Partner, kept.partner_id).name) == replace(before, text_de="")


def test_a_list_that_changes_a_mark_says_so_in_the_audit_log_and_so_does_its_undoing(
    office: Office, session: Session
) -> None:
    written.block(session, sku="A", is_hazardous=True)
    written.block(session, sku="B")

    entry = office.applied("SKU;Gefahrgut;beschränkt;EK\nA;nein;;1\nB;;nein;1\n", kind=BLOCKS)
    undo_import(session, entry.id or 0, actor=CLERK, now=office.now)

    query = select(AuditEntry).where(col(AuditEntry.actor_name) == CLERK.name).order_by(col(AuditEntry.id))
    found = [one for one in session.exec(query) if one.action == "block.saved"]
    assert [(one.object_name, one.old, one.new) for one in found] == [
        ("A", {"is_hazardous": True}, {"is_hazardous": False}),
        ("A", {"is_hazardous": False}, {"is_hazardous": True}),
    ]
    assert [one.reason for one in found] == ["A list of blocks said so.", "A list of blocks was taken back."]


def test_neither_a_list_nor_its_undoing_changes_the_unit_of_what_is_counted_in_it(
    office: Office, session: Session
) -> None:
    sold = written.block(session, sku="A")
    stocked = make.block(session, sku="B", is_made_to_order=False, stock_milli=3_000)
    written.block(session, sku="C")
    written.bundle(session, items=[(sold, 1)])

    entry = office.applied("SKU;Einheit;EK\nA;kg;1\nB;kg;1\nC;kg;1\n", kind=BLOCKS)

    assert (entry.changed_count, entry.rejected_count) == (1, 2)
    assert [block(session, sku).unit_code for sku in "ABC"] == ["C62", "C62", "KGM"]
    assert stocked.id

    written.bundle(session, slug="c", items=[(block(session, "C").id or 0, 1)])
    before = facts(session)
    with pytest.raises(Refused) as refused:
        undo_import(session, entry.id or 0, actor=CLERK, now=office.now)

    assert (refused.value.code, refused.value.values) == ("import.in_use", {"count": 1})
    assert facts(session) == before
    assert block(session, "C").unit_code == "KGM"


def test_what_came_on_sale_while_a_list_was_read_keeps_its_unit_and_nothing_is_written(
    office: Office, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    block_id = written.block(session, sku="A")
    written.block(session, sku="B")
    checked = office.checked("SKU;Einheit;EK\nA;kg;1\nB;;1\n", kind=BLOCKS)
    start_import(session, checked.id or 0, actor=CLERK, now=office.now)
    around_transaction(
        monkeypatch,
        "app.flows.apply_import",
        before=lambda: written.bundle(session, items=[(block_id, 1)]) and None,
        number=4,
    )

    with pytest.raises(Refused, match="another unit"):
        office.apply(checked.id or 0)

    assert [block(session, sku).unit_cost_cents for sku in "AB"] == [200, 200]
    again = office.apply(checked.id or 0)
    assert (again.state, again.changed_count, again.rejected_count) == (ImportState.APPLIED, 1, 1)
    assert block(session, "A").unit_code == "C62"


def test_a_list_that_nobody_looks_at_takes_no_mark_away(office: Office, session: Session) -> None:
    written.block(session, sku="A", is_hazardous=True)
    written.block(session, sku="B", is_restricted=True)
    written.block(session, sku="C")
    content = "SKU;Gefahrgut;beschränkt;EK\nA;nein;;1\nB;;nein;1\nC;nein;nein;1\n"

    import_id = office.hand_in(content, kind=BLOCKS, is_automatic=True)
    office.check(import_id)
    entry = office.apply(import_id)

    assert (entry.state, entry.changed_count, entry.rejected_count) == (ImportState.APPLIED, 1, 2)
    assert office.rejects(entry).count("only a person takes that away") == 2
    assert block(session, "A").is_hazardous
    assert block(session, "B").is_restricted

    seen = office.applied(content, kind=BLOCKS)
    assert (seen.changed_count, seen.rejected_count) == (2, 0)


def test_a_mark_that_was_set_while_an_automatic_list_was_read_stays(
    office: Office, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    block_id = written.block(session, sku="A")
    import_id = office.hand_in("SKU;Gefahrgut;EK\nA;nein;1\n", kind=BLOCKS, is_automatic=True)
    office.check(import_id)
    around_transaction(
        monkeypatch,
        "app.flows.apply_import",
        before=lambda: written.block(session, block_id=block_id, sku="A", is_hazardous=True) and None,
        number=4,
    )

    with pytest.raises(Refused) as refused:
        office.apply(import_id)

    assert refused.value.code == "import.mark_kept"
    kept = block(session, "A")
    assert (kept.is_hazardous, kept.unit_cost_cents) == (True, 200)


def test_a_partner_that_was_set_while_the_list_waited_for_the_block_stays(
    office: Office, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    block_id = written.block(session, sku="A")
    checked = office.checked("SKU;EK\nA;1\n", kind=BLOCKS)
    start_import(session, checked.id or 0, actor=CLERK, now=office.now)

    def waited(waiting: Session, block_ids: list[int]) -> list[Block]:
        # What somebody else committed is visible after the wait: here the wait is this very moment.
        partners = partner_ids(waiting, ["Härterei"], now=office.now)
        waiting.execute(update(Block).values(partner_id=partners["Härterei"]))
        return lock_blocks(waiting, block_ids)

    monkeypatch.setattr(service_blocks, "lock_blocks", waited)
    office.apply(checked.id or 0)

    kept = session.get_one(Block, block_id, populate_existing=True)
    assert (kept.unit_cost_cents, kept.partner_id is not None) == (100, True)


def test_undoing_puts_no_dangerous_block_back_on_sale(office: Office, session: Session) -> None:
    block_id = written.block(session, sku="A", is_hazardous=True)
    entry = office.applied("SKU;Gefahrgut\nA;nein\n", kind=BLOCKS)
    bundle_id = written.bundle(session, items=[(block_id, 1)])

    with pytest.raises(Refused) as refused:
        undo_import(session, entry.id or 0, actor=CLERK, now=office.now)

    assert (refused.value.code, refused.value.values) == ("import.in_use", {"count": 1})
    assert "dangerous or restricted again" in refused.value.message
    assert not block(session, "A").is_hazardous

    retire_bundle(session, bundle_id, actor=CLERK, now=office.now)
    undo_import(session, entry.id or 0, actor=CLERK, now=office.now)
    assert block(session, "A").is_hazardous


def test_what_is_handed_out_comes_back_without_any_change_as_csv_and_as_xlsx(
    office: Office, session: Session
) -> None:
    for values in (
        {"sku": "A-1", "name_de": "=1+1", "name_en": "'-x", "text_de": "+49 & <b>", "text_en": 'a;b\n"c"'},
        {
            "sku": "4711",
            "unit_code": "KGM",
            "unit_cost_cents": 123_456,
            "partner": "@Härterei",
            "weight_g": 7,
        },
        {
            "sku": "C",
            "cpv_code": "44440000-6",
            "is_hazardous": True,
            "is_made_to_order": False,
            "vat_rate_bp": 0,
        },
    ):
        written.block(session, **values)
    session.rollback()
    entries = [entry_of(found, partner) for found, partner in each_block(session, BlockFilter())]
    workbook = io.BytesIO()
    write_xlsx(workbook, entries)
    content = b"".join(as_csv(entries))

    for file in (content, workbook.getvalue()):
        entry = office.applied(file, kind=BLOCKS, file_name="blocks")
        assert (entry.new_count, entry.changed_count, entry.unchanged_count) == (0, 0, 3)
        assert entry.rejected_count == 0

    assert [one.sku for one in entries] == ["4711", "A-1", "C"]
    for line in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"):
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@"))]
