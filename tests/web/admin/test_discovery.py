"""The desk of discovery: proposals with their evidence, filters, decisions, notes, and what became of drafts."""

from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from app.catalogue.models import Block, BlockNote, Bundle
from app.insights.models import Proposal, ProposalState
from app.ordering.rules.states import OrderState
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser


@pytest.fixture
def plain_admin(sign_in: Callable[[Role], Browser]) -> Browser:
    """An administrator of an otherwise empty shop."""
    return sign_in(Role.ADMIN)


def test_an_empty_shop_says_how_proposals_come_about(plain_admin: Browser) -> None:
    page = plain_admin.get("/admin/discovery").text

    assert "The purchases were not looked through yet" in page


def test_a_proposal_shows_its_evidence_price_and_guards(plain_admin: Browser, session: Session) -> None:
    for sku in ("SEAL", "GREASE"):
        make.block(session, sku=sku, name_en=f"Our {sku}", unit_cost_cents=50)
    make.proposal(session, "SEAL", "GREASE")

    page = plain_admin.get("/admin/discovery").text

    assert "6 × Our GREASE + 6 × Our SEAL" in page
    for text in (
        "48 orders",
        "24 buyers",
        "10\u00a0% of the orders",
        "surely 8\u00a0%",
        "50\u00a0% of those",
        "3.4 times",
    ):
        assert text in page, text
    for text in (
        "Suggested price, net",
        "Lowest price that passes",
        "Contribution margin",
        "Make a draft of it",
    ):
        assert text in page, text


def test_what_is_no_block_yet_leads_to_a_form_that_is_filled_in(
    plain_admin: Browser, session: Session
) -> None:
    make.block(session, sku="SEAL")
    make.proposal(session, "SEAL", "O&G <7>")

    page = plain_admin.get("/admin/discovery").text
    form = plain_admin.get("/admin/blocks?new=1&sku=O%26G+%3C7%3E&name=main+brand%27s+O%26G").text

    assert "no block for this yet" in page
    assert 'href="/admin/blocks?new=1&amp;sku=O%26G+%3C7%3E&amp;name=main+brand%27s+O%26G+%3C7%3E"' in page
    assert "Make a draft of it" not in page
    assert 'value="O&amp;G &lt;7&gt;"' in form


def test_filters_and_order_show_what_they_say(plain_admin: Browser, session: Session) -> None:
    for sku in ("A", "B"):
        make.block(session, sku=sku, name_en=f"Block {sku}")
    make.proposal(session, "A", "B", lift=2.0)
    make.proposal(session, "A", lift=1.0, value_cents=9_999_999)
    make.proposal(session, "X", "Y", lift=9.0)

    def heads(query: str) -> list[str]:
        page = plain_admin.get(f"/admin/discovery?{query}").text
        found = [part.split("</h2>")[0].strip() for part in page.split("<h2>")[1:]]
        return [name for name in found if "×" in name]

    a_pack, a_set, unknown = (
        "6 × Block A",
        "6 × Block A + 6 × Block B",
        "6 × main brand&#39;s X + 6 × main brand&#39;s Y",
    )
    assert heads("")[0] == a_pack
    assert sorted(heads("")) == sorted([a_pack, a_set, unknown])
    assert sorted(heads("show=sets")) == sorted([a_set, unknown])
    assert heads("show=packs") == [a_pack]
    assert sorted(heads("show=known")) == sorted([a_pack, a_set])
    assert heads("sort=lift") == [unknown, a_set, a_pack]
    assert heads("list=dismissed") == []
    assert heads("sort=nonsense&page=999") == []


def test_a_set_that_is_sold_already_stands_apart_with_its_bundle(
    plain_admin: Browser, session: Session
) -> None:
    parts = [(make.block(session, sku=sku), 1) for sku in ("A", "B")]
    make.bundle(session, items=parts, name_en="A and B together")
    make.proposal(session, "A", "B")

    assert "A and B together" not in plain_admin.get("/admin/discovery").text
    apart = plain_admin.get("/admin/discovery?list=sold_already").text
    assert "There is already" in apart
    assert "A and B together" in apart


def test_one_click_makes_a_draft_whose_page_leads_to_its_evidence(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(f"/admin/discovery/{things.proposal.id}/draft", {})

    made = fresh(session, things.proposal)
    assert made.state is ProposalState.DRAFTED
    assert answer.headers["location"] == f"/admin/bundles/{made.bundle_id}?done=proposal_drafted"
    assert (
        f'href="/admin/bundles/{made.bundle_id}/evidence"'
        in admin.get(f"/admin/bundles/{made.bundle_id}").text
    )
    evidence = admin.get(f"/admin/bundles/{made.bundle_id}/evidence").text
    assert "Not on sale yet" in evidence
    assert "48 orders" in evidence

    again = admin.submit(f"/admin/discovery/{things.proposal.id}/draft", {})
    assert again.status_code == 409
    assert "not open any more" in again.text


def test_a_dismissal_without_a_reason_changes_nothing_and_says_so(
    admin: Browser, things: Desk, session: Session
) -> None:
    answer = admin.submit(f"/admin/discovery/{things.proposal.id}/dismiss", {"reason": " "})

    assert answer.status_code == 422
    assert "why this is no bundle" in answer.text
    assert fresh(session, things.proposal).state is ProposalState.OPEN


def test_a_dismissed_proposal_stands_with_its_reason_and_can_be_reopened(
    admin: Browser, things: Desk, session: Session
) -> None:
    admin.submit(f"/admin/discovery/{things.proposal.id}/dismiss", {"reason": "<b>too</b> heavy"})

    assert "&lt;b&gt;too&lt;/b&gt; heavy" in admin.get("/admin/discovery?list=dismissed").text

    admin.submit(f"/admin/discovery/{things.proposal.id}/reopen", {})
    assert fresh(session, things.proposal).state is ProposalState.OPEN


def test_did_it_sell_shows_the_forecast_against_accepted_orders(
    plain_admin: Browser, session: Session
) -> None:
    bundle = make.bundle(session, items=[(make.block(session, sku="A"), 6)])
    make.proposal(session, "A", bundle=bundle)
    buyer = make.customer(session)
    make.order(
        session, of=buyer, by=make.contact(session, of=buyer), bundle=bundle, state=OrderState.ACCEPTED
    )

    page = plain_admin.get(f"/admin/bundles/{bundle.id}/evidence").text
    row = plain_admin.get("/admin/discovery?list=drafted").text

    assert "Forecast against accepted orders" in page
    assert ">1 came<" in page
    assert "Did it sell?" in row
    assert "1 orders of" in row


def test_a_bundle_that_was_not_proposed_has_nothing_to_compare_with(admin: Browser, things: Desk) -> None:
    assert "not made of a proposal" in admin.get(f"/admin/bundles/{things.bundle.id}/evidence").text
    assert admin.get("/admin/bundles/9999/evidence").status_code == 404


def test_a_note_on_a_block_stands_at_the_proposals_that_hold_it(
    admin: Browser, things: Desk, session: Session
) -> None:
    block_id = next(row.id for row in session.exec(select(Block)).all() if row.sku == "FI-7")

    wrong = admin.submit(f"/admin/blocks/{block_id}/notes", {"text": "Kept words", "visited_on": "31.31."})
    assert wrong.status_code == 422
    assert "Kept words" in wrong.text
    assert session.exec(select(BlockNote)).all() == []

    saved = admin.submit(f"/admin/blocks/{block_id}/notes", {"text": "They <i>drill</i> with it."})
    assert saved.headers["location"] == f"/admin/blocks/{block_id}/notes?done=note"
    assert "They &lt;i&gt;drill&lt;/i&gt; with it." in admin.get(f"/admin/blocks/{block_id}/notes").text
    assert "They &lt;i&gt;drill&lt;/i&gt; with it." in admin.get("/admin/discovery").text
    assert f'href="/admin/blocks/{block_id}/notes"' in admin.get(f"/admin/blocks/{block_id}").text


def test_notes_of_a_block_and_of_a_bundle_with_the_same_number_are_apart(
    admin: Browser, things: Desk, session: Session
) -> None:
    admin.submit(f"/admin/bundles/{things.bundle.id}/notes", {"text": "Half of it is left over."})

    assert "Half of it" in admin.get(f"/admin/bundles/{things.bundle.id}/notes").text
    assert "Half of it" not in admin.get(f"/admin/blocks/{things.bundle.id}/notes").text
    assert session.exec(select(Bundle)).first() is not None
    assert admin.submit("/admin/bundles/9999/notes", {"text": "x"}).status_code == 404


def test_a_viewer_reads_but_has_no_button(things: Desk, sign_in: Callable[[Role], Browser]) -> None:
    page = sign_in(Role.VIEWER).get("/admin/discovery").text

    assert "FI-7" in page
    assert "Make a draft of it" not in page
    assert "Dismiss" not in page
    assert "Look through the purchases again" not in page


def test_proposals_show_no_more_than_a_page_at_a_time(plain_admin: Browser, session: Session) -> None:
    for number in range(21):
        make.proposal(session, f"S{number:02}")

    assert plain_admin.get("/admin/discovery").text.count("<article") == 20
    assert plain_admin.get("/admin/discovery?page=2").text.count("<article") == 1
    assert len(session.exec(select(Proposal)).all()) == 21
