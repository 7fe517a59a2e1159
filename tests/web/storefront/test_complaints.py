"""Complaints as a company's browser meets them; another company's do not exist."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from sqlmodel import Session, col, select

from app.care.models import Complaint, ComplaintMessage, ComplaintPhoto
from app.care.rules.complaints import ComplaintOutcome
from app.core.clock import utc_now
from app.ordering.models import Order
from app.shop import Shop
from tests import make
from tests.flows.complaining import WORDS, Case, accepted, arrived, counts, photo


@pytest.fixture
def case(session: Session, shop: Shop) -> Case:
    made = arrived(session, shop.db, now=utc_now())
    shop.stripe = made.till.stripe  # type: ignore[assignment]
    return made


@pytest.fixture
def client(case: Case, browser: Callable[..., Any]) -> Any:
    return browser(case.till.contact)


@pytest.fixture
def stranger(session: Session, browser: Callable[..., Any]) -> Any:
    return browser(make.contact(session, of=make.customer(session)))


def send(client: Any, case: Case, *photos: bytes, **values: str) -> Any:
    """The form as the page shows it, filled in and sent."""
    shown = client.get(f"/complaints/new?order={case.number}").text
    key = re.search(r'name="form_key" value="([^"]+)"', shown)
    assert key
    filled = {
        "order": case.number,
        "form_key": key[1],
        "reason": "damaged",
        "text": WORDS,
        f"line_{case.line_ids[0]}": "2",
        f"line_{case.line_ids[1]}": "",
        **values,
    }
    files = [("photos", (f"{n}.png", content, "image/png")) for n, content in enumerate(photos)]
    empty = [("photos", ("", b"", "application/octet-stream"))]
    return client.submit("/complaints/new", filled, files=files or empty)


def test_a_complaint_goes_its_way_without_any_script(session: Session, case: Case, client: Any) -> None:
    assert f"/complaints/new?order={case.number}" in client.get(f"/orders/{case.number}").text

    sent = send(client, case, photo(), photo(style="JPEG"))

    complaint = case.complaint(session)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"/complaints/{complaint.number}?notice=filed",
    )
    text = client.get(sent.headers["location"]).text
    assert WORDS in text
    assert "Arrived damaged" in text
    assert text.count("/photos/") == 4
    assert complaint.number in client.get("/complaints").text
    order_page = client.get(f"/orders/{case.number}").text
    assert WORDS in order_page
    assert complaint.number in order_page


def test_what_was_typed_stays_and_each_wrong_field_is_named(
    session: Session, case: Case, client: Any
) -> None:
    answer = send(
        client,
        case,
        photo(),
        text="<b>short",
        reason="missing",
        **{f"line_{case.line_ids[0]}": "4", f"line_{case.line_ids[1]}": "many"},
    )

    assert answer.status_code == 422
    assert "&lt;b&gt;short" in answer.text
    assert 'value="missing" checked' in answer.text
    assert 'value="4"' in answer.text
    assert "Please enter a value from 1 to 3." in answer.text
    assert "Please enter a whole number." in answer.text
    assert "Please choose the photos once more" in answer.text
    assert counts(session)[0] == 0


def test_the_same_page_sent_twice_leads_to_the_one_complaint(
    session: Session, case: Case, client: Any
) -> None:
    first = send(client, case, form_key="the-same")
    again = send(client, case, form_key="the-same")

    assert again.headers["location"] == first.headers["location"].replace("filed", "known")
    assert counts(session)[0] == 1


def test_an_open_one_about_the_same_is_named_in_a_conflict(session: Session, case: Case, client: Any) -> None:
    send(client, case)

    answer = send(client, case)

    assert answer.status_code == 409
    assert f"Complaint {case.complaint(session).number} about this is open already." in answer.text


def test_the_form_names_the_hint_of_the_law_and_never_refuses_for_the_time(case: Case, client: Any) -> None:
    text = client.get(f"/complaints/new?order={case.number}").text

    assert "§ 377 HGB" in text
    assert "This form takes your report at any time." in text
    assert "Your statutory rights because of defects (§§ 437 ff. BGB) stay as they are" in text
    assert client.get("/complaints/new").headers["location"] == "/orders"


def test_a_late_delivery_is_reported_once_it_is_late_and_the_page_names_the_day(
    session: Session, shop: Shop, browser: Callable[..., Any]
) -> None:
    case = accepted(session, shop.db, now=utc_now())
    client = browser(case.till.contact)

    answer = send(client, case, reason="late", **{f"line_{case.line_ids[0]}": ""})

    promised_on = case.till.order(case.number).promised_on
    assert answer.status_code == 422
    assert f"It is promised for {promised_on:%A}, {promised_on.day} " in answer.text.replace(",", ",", 1)
    assert counts(session)[0] == 0


def test_an_unpaid_order_has_nothing_to_complain_about(
    session: Session, shop: Shop, browser: Callable[..., Any]
) -> None:
    case = accepted(session, shop.db, now=utc_now())
    number = case.till.place(key="key-2").number if case.till.cart() else case.number
    client = browser(case.till.contact)
    order = make.order(session, of=case.till.customer, by=case.till.contact, bundle=make.bundle(session))
    number = order.number

    assert "there is nothing to complain about yet" in client.get(f"/complaints/new?order={number}").text
    assert f"/complaints/new?order={number}" not in client.get(f"/orders/{number}").text
    answer = client.submit("/complaints/new", {"order": number, "reason": "other", "text": WORDS})
    assert (answer.status_code, counts(session)[0]) == (409, 0)


def test_photos_are_shown_to_their_company_alone_and_kept_by_no_cache(
    session: Session, case: Case, client: Any, stranger: Any
) -> None:
    send(client, case, photo())
    number = case.complaint(session).number
    photo_id = session.exec(select(ComplaintPhoto.id)).one()

    shown = client.get(f"/complaints/{number}/photos/{photo_id}")

    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/webp")
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.content[8:12] == b"WEBP"
    for path in (
        f"/complaints/{number}/photos/{photo_id}",
        f"/complaints/{number}",
        f"/complaints/new?order={case.number}",
    ):
        assert stranger.get(path).status_code == 404
    assert number not in stranger.get("/complaints").text
    assert client.get(f"/complaints/{number}/photos/{photo_id}0").status_code == 404


def test_a_tall_photo_is_shown_small_too(case: Case, client: Any) -> None:
    target = io.BytesIO()
    Image.new("RGB", (200, 1_600), "orange").save(target, "PNG")

    sent = send(client, case, target.getvalue())

    assert 'width="20"' in client.get(sent.headers["location"]).text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<svg onload=alert(1)>", "1. photo: please use JPEG, PNG or WebP."),
        (b"\xff" * 8_000_001, "1. photo: at most 8 MB and 25 megapixels, please."),
    ],
)
def test_what_is_no_photo_or_too_large_is_named(
    session: Session, case: Case, client: Any, content: bytes, words: str
) -> None:
    answer = send(client, case, content)

    assert answer.status_code == 422
    assert words in answer.text
    assert counts(session)[0] == 0


def test_six_photos_are_one_too_many_and_eleven_are_no_form_of_ours(
    session: Session, case: Case, client: Any
) -> None:
    assert "Please choose at most 5 photos." in send(client, case, *[photo()] * 6).text
    assert send(client, case, *[photo()] * 11).status_code == 400
    assert counts(session)[0] == 0


def test_words_and_photos_are_added_while_it_is_open_and_not_after(
    session: Session, case: Case, client: Any, stranger: Any
) -> None:
    send(client, case)
    number = case.complaint(session).number
    path = f"/complaints/{number}/messages"
    files = [("photos", ("a.png", photo(), "image/png"))]

    added = client.submit(path, {"form_key": "m-1", "text": "The box too."}, files=files)
    empty = client.submit(path, {"form_key": "m-2", "text": " "})
    foreign = stranger.submit(path, {"form_key": "m-3", "text": "Let me in."})
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect")
    late = client.submit(path, {"form_key": "m-4", "text": "Wait."})

    assert [one.status_code for one in (added, empty, foreign, late)] == [303, 422, 404, 409]
    assert "Wait." not in client.get(f"/complaints/{number}").text
    texts = session.exec(select(ComplaintMessage.text).order_by(col(ComplaintMessage.id))).all()
    assert texts == [WORDS, "The box too.", ""]


def test_who_disagrees_presses_once_and_reads_the_statutory_way(
    session: Session, case: Case, client: Any, stranger: Any
) -> None:
    send(client, case)
    case.decide(session, ComplaintOutcome.REJECTED, rejection="wrong_use")
    number = case.complaint(session).number
    text = client.get(f"/complaints/{number}").text
    assert "The damage comes from a use or a fitting for which the bundle is not made." in text
    assert "You can assert them at any time, in writing to us or in court" in text

    refused = stranger.submit(f"/complaints/{number}/reopen", {"text": "x"})
    done = client.submit(f"/complaints/{number}/reopen", {"text": "It was never fitted."})

    assert (refused.status_code, done.status_code) == (404, 303)
    text = client.get(done.headers["location"]).text
    assert "It was never fitted." in text
    assert f'action="/complaints/{number}/reopen"' not in text


def test_a_replacement_is_named_on_complaint_and_order_and_is_an_own_order(
    session: Session, case: Case, client: Any
) -> None:
    send(client, case)
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    made = session.exec(select(Order.number).where(col(Order.for_order_id) == case.order_id)).one()
    number = session.exec(select(Complaint.number)).one()

    assert made in client.get(f"/complaints/{number}").text
    assert made in client.get(f"/orders/{case.number}").text
    own = client.get(f"/orders/{made}").text
    assert "Replacement for a complaint" in own
    assert "Nothing was charged." in own


def test_a_program_reads_problem_details(case: Case, client: Any) -> None:
    answer = client.submit("/complaints/new", {"order": case.number}, headers={"accept": "application/json"})

    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in answer.json()["errors"]} == {"reason", "text"}
