"""The card page and the 3-D Secure page, as a browser without JavaScript uses them."""

import re
from typing import Any

from dev.stripe_standin.cards import BY_NUMBER, MESSAGES
from dev.stripe_standin.server import StandinProcess
from dev.stripe_standin.words import speaker
from tests.dev.stripe_standin.shopping import CANCEL_URL, Shop

FORM = {
    "cardNumber": "4242 4242 4242 4242",
    "cardExpiry": "12 / 40",
    "cardCvc": "123",
    "billingName": "A. Käufer",
}


def open_page(shop: Shop, standin: StandinProcess, **more: Any) -> tuple[str, str]:
    session = shop.session(customer=shop.customer().id, **more)
    assert session.url == f"{standin.url}/c/pay/{session.id}"
    return session.id, session.url


def test_paying_goes_back_to_the_shop_with_the_session(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin)
    page = standin.http.get(url)
    assert page.status_code == 200
    assert "Test page." in page.text
    assert "Wartungspaket" in page.text
    assert "€119.00" in page.text
    assert f'href="{CANCEL_URL}"' in page.text

    answer = standin.http.post(url, data=FORM)

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"http://127.0.0.1:9/checkout/return?session={session_id}"
    assert shop.intent(session_id).status == "requires_capture"


def test_the_card_page_speaks_the_language_of_its_session(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin, locale="de")
    english = standin.http.get(open_page(shop, standin, locale="en")[1]).text

    german = standin.http.get(url).text
    wrong = standin.http.post(url, data=FORM | {"cardNumber": "4111 1111 1111 1111"}).text
    asked = standin.http.post(url, data=FORM | {"cardNumber": "4000002760003184"}).headers["Location"]
    bank = standin.http.get(asked).text
    standin.http.post(asked, data={"answer": "complete"})
    closed = standin.http.get(url).text

    assert "Card number" in english
    for page in (german, wrong, bank, closed):
        assert '<html lang="de">' in page
        assert "Keine echte Karte" in page
        assert not re.search(r"\b(the|your|card|pay|this)\b", re.sub(r"<[^>]*>", " ", page), re.IGNORECASE)
    assert "Bezahlen: 119,00\N{NO-BREAK SPACE}€" in german
    assert "Diese Seite nimmt nur die aufgeführten Testkarten." in wrong
    assert "Haben Sie diese Zahlung über 119,00\N{NO-BREAK SPACE}€ veranlasst?" in bank
    assert "Diese Zahlung ist abgeschlossen" in closed
    assert shop.intent(session_id).status == "requires_capture"


def test_each_listed_card_and_each_refusal_has_its_german_words() -> None:
    for text in (*(card.title for card in BY_NUMBER.values()), *MESSAGES.values()):
        assert speaker("de")(text) != text
        assert speaker("en")(text) == text


def test_one_of_a_thing_is_shown_by_its_name_alone(shop: Shop, standin: StandinProcess) -> None:
    item = {
        "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "2 × Set"}},
        "quantity": 1,
    }
    _, url = open_page(shop, standin, line_items=[item])

    page = standin.http.get(url).text

    assert "<span>2 × Set</span>" in page


def test_a_second_click_pays_once(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin)

    answers = [standin.http.post(url, data=FORM) for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert standin.books()["totals"]["authorised"] == 11_900
    assert len(standin.books()["intents"]) == 1
    assert session_id in answers[1].headers["Location"]


def test_a_declined_card_says_why_and_another_one_pays(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin)

    declined = standin.http.post(url, data=FORM | {"cardNumber": "4000000000009995"})
    assert (declined.status_code, declined.headers["Location"]) == (303, url)
    page = standin.http.get(url)
    assert "Your card has insufficient funds." in page.text

    assert standin.http.post(url, data=FORM).headers["Location"].endswith(session_id)


def test_what_is_no_test_card_is_never_sent_on(shop: Shop, standin: StandinProcess) -> None:
    _, url = open_page(shop, standin)
    wrong = {
        "cardNumber": ("4111 1111 1111 1111", "takes only the listed test cards"),
        "cardExpiry": ("01 / 20", "in the past"),
        "cardCvc": ("12", "security code is incomplete"),
        "billingName": ("", "name"),
    }

    for field, (value, sentence) in wrong.items():
        page = standin.http.post(url, data=FORM | {field: value})

        assert page.status_code == 422, field
        assert sentence in page.text
        assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', page.text), field
    assert standin.books()["intents"] == []


def test_a_listed_card_fills_in_the_form(shop: Shop, standin: StandinProcess) -> None:
    _, url = open_page(shop, standin)

    page = standin.http.get(f"{url}?card=378282246310005").text

    assert 'value="378282246310005"' in page
    assert 'value="1234"' in page


def test_three_d_secure_asks_then_pays(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin)
    asked = standin.http.post(url, data=FORM | {"cardNumber": "4000002760003184"}).headers["Location"]
    assert "3-D Secure" in standin.http.get(asked).text
    assert shop.v1.checkout.sessions.retrieve(session_id).status == "open"

    failed = standin.http.post(asked, data={"answer": "fail"})
    assert failed.headers["Location"] == url
    assert "failed authentication" in standin.http.get(url).text

    asked = standin.http.post(url, data=FORM | {"cardNumber": "4000002760003184"}).headers["Location"]
    done = standin.http.post(asked, data={"answer": "complete"})
    assert done.headers["Location"].endswith(session_id)
    assert shop.intent(session_id).status == "requires_capture"


def test_a_guessed_authentication_address_does_nothing(shop: Shop, standin: StandinProcess) -> None:
    _, url = open_page(shop, standin)
    asked = standin.http.post(url, data=FORM | {"cardNumber": "4000002760003184"}).headers["Location"]

    guessed = asked.rsplit("/", 1)[0] + "/guess"

    assert standin.http.post(guessed, data={"answer": "complete"}).status_code == 404
    assert standin.books()["totals"]["authorised"] == 0


def test_an_expired_page_says_so_and_takes_no_card(shop: Shop, standin: StandinProcess) -> None:
    session_id, url = open_page(shop, standin)
    shop.v1.checkout.sessions.expire(session_id)

    for answer in (standin.http.get(url), standin.http.post(url, data=FORM)):
        assert answer.status_code == 410
        assert "expired" in answer.text
    assert standin.books()["intents"] == []


def test_names_are_shown_as_text(shop: Shop, standin: StandinProcess) -> None:
    item = {
        "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "<b>Set</b>"}},
        "quantity": 2,
    }
    _, url = open_page(shop, standin, line_items=[item])

    page = standin.http.get(url)

    assert "2 × &lt;b&gt;Set&lt;/b&gt;" in page.text
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_first_page_lists_the_payments(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured()

    assert intent.id in standin.http.get(standin.url).text
