"""The calculator in the bundle editor, the approval by a second person, and what the guards found."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select, update

from app.catalogue.models import Bundle, BundleApproval, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.core.transaction import transaction
from app.flows.guard_margins import guard_margins
from app.mainbrand.models import Purchase
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

TYPED = {
    "slug": "new-pack", "name_de": "Neues Paket", "name_en": "New pack", "text_de": "", "text_en": "Kept text",
    "kind": "spare_part", "price_cents": "29,90", "minimum_quantity": "1", "order_step": "1",
    "sku_1": "DI-100/2", "quantity_1": "2.5", "sku_2": "NO-SUCH", "quantity_2": "1", "sku_3": "DI-100/2",
    "quantity_3": "x",
}  # fmt: skip


def count(session: Session) -> int:
    session.rollback()
    return len(session.exec(select(BundleVersion)).all())


def test_the_calculator_works_out_what_is_typed_and_stores_nothing(
    admin: Browser, things: Desk, session: Session
) -> None:
    before = count(session)

    page = admin.submit("/admin/bundles/margin", TYPED).text

    # 2.5 × 3.00 blocks, 0.30 packing, 1.23 shipping, 0.60 card, 0.50 serving.
    assert "€19.77 (66.12\u00a0%) are left; the floor is €4.49." in page
    assert "NO-SUCH × 1, DI-100/2 × x" in page
    figures = re.findall(r'<th scope="row">([^<]+)</th><td class="num">([^<]+)</td>', page)
    assert figures == [
        ("Price, net", "€29.90"), ("Blocks", "-€7.50"), ("Partners", "€0.00"), ("Packing", "-€0.30"),
        ("Shipping", "-€1.23"), ("Card fee", "-€0.60"), ("Cost to serve", "-€0.50"), ("Margin", "€19.77"),
        ("Floor at this price", "€4.49"),
    ]  # fmt: skip
    assert "<html" not in page
    assert count(session) == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"price_cents": "9"}, "At this price it cannot be published."),
        ({"price_cents": ""}, "There is no price yet."),
        ({"price_cents": "12.345.678.901"}, "There is no price yet."),
        ({"price_cents": "0"}, "There is no price yet."),
        ({"sku_1": "", "quantity_1": ""}, "Name blocks and a price"),
        ({"quantity_1": "2.5000001"}, "Name blocks and a price"),
        ({"quantity_1": "1e999999"}, "Name blocks and a price"),
        ({"quantity_1": "NaN"}, "Name blocks and a price"),
        ({"quantity_1": "٣"}, "Name blocks and a price"),
        ({"sku_1": "<script>alert(1)</script>"}, "&lt;script&gt;alert(1)&lt;/script&gt; × 2.5"),
    ],
)
def test_the_calculator_says_what_it_lacks(
    admin: Browser, things: Desk, changes: dict[str, str], sentence: str
) -> None:
    answer = admin.submit("/admin/bundles/margin", {**TYPED, **changes})

    assert answer.status_code == 200
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("button", "price"), [({"calculate": "1"}, "29,90"), ({"take_price": "12.13"}, "12.13")]
)
def test_without_scripts_a_button_calculates_and_another_takes_the_lowest_price_over(
    admin: Browser, things: Desk, session: Session, button: dict[str, str], price: str
) -> None:
    before = count(session)

    for target in ("/admin/bundles", f"/admin/bundles/{things.bundle.id}"):
        page = admin.submit(target, {**TYPED, **button}).text

        assert re.search(rf'name="price_cents"[^>]* value="{price}"', page)
        assert "Kept text" in page
        assert "From price to margin" in page
    assert count(session) == before


def test_publishing_below_the_floor_is_refused_on_the_page_and_to_a_program_with_the_figures(
    admin: Browser, things: Desk, session: Session
) -> None:
    bundle = make.bundle(session, state=BundleState.DRAFT, price_cents=900)
    url = f"/admin/bundles/{bundle.id}/publish"

    page = admin.submit(url)
    problem = admin.submit(url, headers={"accept": "application/json"})

    assert page.status_code == problem.status_code == 409
    sentence = "contributes €0.75 at a price of €9.00; it needs €1.35. The lowest price that passes is €9.73."
    assert sentence in page.text
    body = problem.json()
    assert (body["code"], sentence in body["detail"]) == ("bundle.below_floor", True)
    assert body["figures"] == {
        "price_cents": 900, "margin_cents": 75, "required_cents": 135, "lowest_price_cents": 973,
    }  # fmt: skip
    assert fresh(session, bundle).state is BundleState.DRAFT


def answered(browser: Browser, url: str, decision: str, *, reason: str, of: str = "") -> Any:
    """The answer to a decision, sent with the hidden mark of the page (the one there is now, unless `of` is given)."""
    found = re.search(r'name="seen" value="(\w+)"', of or browser.get(url).text)
    values = {"reason": reason, "decision": decision, "seen": found.group(1) if found else ""}
    return browser.submit(f"{url}/decision", values)


@pytest.fixture
def taking(things: Desk, session: Session) -> Bundle:
    """A draft to which the A-customer Sauer Anlagen would switch."""
    block = make.block(session, sku="LAGER")
    make.saved(
        session,
        Purchase(
            import_key="1", account_number=things.account.account_number, invoice_number="R-1", sku="LAGER",
            quantity_milli=1_000_000, net_cents=2_000_000, currency="EUR", purchased_at=make.NOW,
        ),
    )  # fmt: skip
    return make.bundle(session, items=[(block, 4)], state=BundleState.DRAFT, name_en="Taking pack")


def test_a_second_person_finds_the_figures_and_approves(
    taking: Bundle, things: Desk, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    asker, lead = sign_in(Role.OPERATIONS), sign_in(Role.LEAD)
    url = f"/admin/bundles/{taking.id}/approval"
    page = asker.get(url).text
    assert "Sauer Anlagen AG" in page
    assert "€13,750.00" in page  # 250 bundles × (80.00 − 25.00)
    assert "68.75\u00a0%" in page

    assert asker.submit(url, {"reason": " "}).status_code == 422
    refused = asker.submit(f"/admin/bundles/{taking.id}/publish")
    assert (refused.status_code, "A second person has to approve it first." in refused.text) == (409, True)
    assert (
        asker.submit(url, {"reason": "they leave anyway"}).headers["location"] == f"{url}?done=approval_asked"
    )
    assert asker.submit(f"{url}/decision", {"reason": "mine", "decision": "approve"}).status_code == 403
    assert 'value="approve"' not in asker.get(url).text

    assert f'href="{url}"' in lead.get("/admin/guards").text
    assert re.search(r"<b>1</b> bundles to approve", lead.get("/admin").text)
    answer = answered(lead, url, "approve", reason="agreed")
    assert answer.headers["location"] == f"{url}?done=approved"
    assert "approved" in lead.get(f"/admin/bundles/{taking.id}").text
    again = answered(lead, url, "refuse", reason="agreed")
    assert again.status_code == 409
    assert asker.submit(f"/admin/bundles/{taking.id}/publish").status_code == 303
    session.rollback()
    assert session.exec(select(BundleApproval.decision_reason)).one() == "agreed"


def test_a_page_opened_before_the_price_fell_does_not_approve_the_new_price(
    taking: Bundle, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    asker, lead = sign_in(Role.OPERATIONS), sign_in(Role.LEAD)
    url = f"/admin/bundles/{taking.id}/approval"
    asker.submit(url, {"reason": "they leave anyway"})
    opened = lead.get(url).text
    with transaction(session):
        session.exec(
            select(BundleVersion).where(BundleVersion.bundle_id == taking.id)
        ).one().price_cents = 2_400
    asker.submit(url, {"reason": "they leave anyway"})

    answer = answered(lead, url, "approve", reason="agreed", of=opened)

    assert (answer.status_code, "changed while you looked" in answer.text) == (409, True)
    assert "€24.00" in answer.text
    session.rollback()
    assert session.exec(select(BundleApproval.is_approved)).one() is None
    old = {"reason": "agreed", "decision": "approve", "seen": "0"}
    problem = lead.submit(f"{url}/decision", old, headers={"accept": "application/json"})
    assert (problem.status_code, problem.json()["code"]) == (409, "bundle.changed_meanwhile")
    assert answered(lead, url, "approve", reason="agreed", of=answer.text).status_code == 303


def test_what_is_typed_as_reason_survives_a_refusal_and_is_text(
    taking: Bundle, admin: Browser, session: Session
) -> None:
    url = f"/admin/bundles/{taking.id}/approval"
    admin.submit(url, {"reason": "<b>so</b>"})

    answer = answered(admin, url, "approve", reason="I <i>like</i> it")

    assert answer.status_code == 409
    assert "You asked for this approval yourself" in answer.text
    assert "I &lt;i&gt;like&lt;/i&gt; it" in answer.text
    assert "<b>so</b>" not in answer.text
    session.rollback()
    assert session.exec(select(BundleApproval.is_approved)).one() is None


def test_the_inbox_counts_and_lists_what_is_below_the_floor(
    admin: Browser, things: Desk, session: Session
) -> None:
    poor = make.bundle(session, name_en="Poor pack", price_cents=900)
    guard_margins(session, is_whole=True, now=make.NOW + timedelta(hours=1))

    inbox, page = admin.get("/admin").text, admin.get("/admin/guards").text

    assert re.search(r'href="/admin/guards#below"><b>1</b> bundles below the margin floor', inbox)
    assert f'href="/admin/bundles/{poor.id}"' in page
    assert all(figure in page for figure in ("Poor pack", "€9.00", "€0.75", "8.33\u00a0%", "€9.73"))
    assert "Seal pack" not in page


def test_an_unknown_bundle_has_no_approval(admin: Browser, things: Desk) -> None:
    paths: list[tuple[str, Any]] = [("/admin/bundles/999/approval", {"reason": "so"})]

    for path, values in paths:
        assert admin.get(path).status_code == 404
        assert admin.submit(path, values).status_code == 404


def test_who_may_only_look_sees_the_waterfall_and_no_calculator(
    things: Desk, sign_in: Callable[[Role], Browser]
) -> None:
    viewer, operations = (
        sign_in(role).get(f"/admin/bundles/{things.bundle.id}").text
        for role in (Role.VIEWER, Role.OPERATIONS)
    )

    assert all("From price to margin" in page for page in (viewer, operations))
    assert all(part in operations for part in ('name="calculate"', 'hx-post="/admin/bundles/margin"'))
    assert not any(
        part in viewer for part in ('name="calculate"', 'name="take_price"', "/admin/bundles/margin")
    )


def test_who_buys_the_same_and_would_stay_is_named_with_what_they_pay(
    admin: Browser, things: Desk, taking: Bundle, session: Session
) -> None:
    with transaction(session):
        session.exec(
            update(BundleVersion).where(col(BundleVersion.bundle_id) == taking.id).values(price_cents=8_000)
        )

    text = admin.get(f"/admin/bundles/{taking.id}/approval").text

    assert "Nobody would switch" in text
    _, _, staying = text.partition("Who buys the same and would stay")
    assert things.account.company_name in staying
    assert "€80.00" in staying
    assert ">250<" in staying
