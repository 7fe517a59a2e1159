"""The catalogue, the bundle page and pictures as an admitted customer sees them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, update

from app.catalogue.models import Category, Listing
from app.catalogue.queries_search import Kept, SearchMemory
from app.catalogue.rules.index import SearchIndex
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.stock import StockLevel
from app.catalogue.rules.synonyms import Synonyms
from app.catalogue.service import touch_catalogue
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import delivery_promise
from app.policy.rules.policy import BelowMinimum, Policy
from tests import make
from tests.catalogue import written
from tests.flows import agreed

Browsers = Callable[..., Any]


def text(answer: Any) -> str:
    """The visible words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def fill(session: Session, count: int, **values: Any) -> None:
    block = make.block(session)
    with transaction(session):
        for number in range(count):
            names = {"name_de": f"Paket {number:03}", "name_en": f"Pack {number:03}"}
            make.bundle(session, slug=f"p-{number:03}", items=[(block, 1)], **names, **values)


def names(answer: Any) -> list[str]:
    return re.findall(r'class="card-name">([^<]+)<', answer.text)


def test_a_page_holds_twenty_four_bundles_and_leads_to_the_next(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    fill(session, 50)
    visitor = browser(admitted)

    pages = [visitor.get(f"/catalogue?page={number}") for number in (1, 2, 3)]

    assert [names(page) for page in pages] == [
        [f"Pack {number:03}" for number in numbers] for numbers in (range(24), range(24, 48), range(48, 50))
    ]
    assert 'rel="next" href="/catalogue?page=2"' in pages[0].text
    assert 'rel="prev"' not in pages[0].text
    assert 'rel="prev" href="/catalogue"' in pages[1].text
    assert 'rel="next"' not in pages[2].text


@pytest.mark.parametrize("page", ["0", "-1", "abc", "9" * 30, "\u0663", "1.5"])
def test_a_page_number_that_makes_no_sense_is_the_first_page(
    session: Session, browser: Browsers, admitted: Contact, page: str
) -> None:
    fill(session, 1)

    answer = browser(admitted).get("/catalogue", params={"page": page})

    assert (answer.status_code, names(answer)) == (200, ["Pack 000"])


def test_past_the_end_the_page_says_so(session: Session, browser: Browsers, admitted: Contact) -> None:
    fill(session, 1)

    assert "This page is empty" in text(browser(admitted).get("/catalogue?page=7"))


def test_kinds_are_shown_with_their_counts_and_narrow_the_list(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    fill(session, 2)
    make.bundle(session, name_en="Oil", kind=Kind.CARE_PRODUCT)

    everything = browser(admitted).get("/catalogue")
    narrowed = browser(admitted).get("/catalogue?kind=care_product")

    assert "All bundles 3 Spare parts 2 Care products 1" in text(everything)
    assert "Consumables" not in text(everything)
    assert names(narrowed) == ["Oil"]
    assert names(browser(admitted).get("/catalogue?kind=nonsense")) == names(everything)


def test_search_shows_what_was_understood_and_helps_when_nothing_is_found(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, name_en="Ball bearing set", name_de="Kugellager-Satz", slug="lager")
    make.bundle(session, name_en="Brush set", name_de="Bürsten", slug="buersten")
    visitor = browser(admitted)

    typo = visitor.get("/catalogue", params={"q": "kugelager"})
    nothing = visitor.get("/catalogue", params={"q": "kugellager bürsten"})
    hostile = visitor.get("/catalogue", params={"q": "<script>\"' OR 1=1"})

    assert names(typo) == ["Ball bearing set"]
    assert "Nothing is called “kugelager” here: we looked for “kugellager”." in text(typo)
    assert "1 bundle found." in text(typo)
    assert "No bundle has all of this" in text(nothing)
    assert 'href="/catalogue?q=kugellager"' in nothing.text
    assert 'href="/catalogue?q=buersten"' in nothing.text
    assert (hostile.status_code, "<script>&#34;" in hostile.text, '<script>"' in hostile.text) == (
        200,
        False,
        False,
    )
    assert "&lt;script&gt;" in hostile.text


@pytest.mark.parametrize("query", ["lager " * 3_000, "%x" * 1000, "%25" * 1000, "\r\n<\u202e", "ß" * 2000])
def test_an_overlong_or_odd_query_is_cut_and_answered(
    session: Session, browser: Browsers, admitted: Contact, query: str
) -> None:
    make.bundle(session, slug="lager", name_de="Kugellager-Satz")

    answer = browser(admitted).get("/catalogue", params={"q": query, "category": query, "kind": query})

    assert answer.status_code == 200
    assert len(answer.text) < 40_000


def test_search_results_go_on_over_pages(session: Session, browser: Browsers, admitted: Contact) -> None:
    fill(session, 30)

    first = browser(admitted).get("/catalogue?q=pack")
    second = browser(admitted).get("/catalogue?q=pack&page=2")

    assert "30 bundles found." in text(first)
    assert 'rel="next" href="/catalogue?q=pack&amp;page=2"' in first.text
    assert names(first) + names(second) == [f"Pack {number:03}" for number in range(30)]


def test_a_bundle_page_tells_contents_price_sizes_and_the_promised_day(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    seal, oil = make.block(session, name_en="Seal"), make.block(session, name_en="Oil", unit_code="LTR")
    make.bundle(
        session,
        slug="kit",
        name_en="Repair kit",
        items=[(seal, 4), (oil, 1)],
        price_cents=123_450,
        minimum_quantity=8,
        order_step=5,
    )
    promise = delivery_promise(
        Policy(), work_calendar("SN", "Europe/Berlin"), ordered_at=utc_now(), main_brand_lead_time_days=2
    )

    shown = text(browser(admitted).get("/bundles/kit"))

    assert "€1,234.50 per bundle, plus VAT" in shown
    assert "4 pieces Seal" in shown
    assert "1 litre Oil" in shown
    assert "Minimum quantity 10 Order step 5" in shown
    assert (
        f"With you by {promise.promised_on:%A}, {promise.promised_on.day} {promise.promised_on:%B %Y}"
        in shown
    )
    assert "Voluntary returns Nor an extra warranty. Your statutory rights stay." in shown


@pytest.mark.parametrize(
    "below, least", [(BelowMinimum.REFUSE, 'min="10"'), (BelowMinimum.SURCHARGE, 'min="5"')]
)
def test_the_number_field_offers_only_valid_quantities(
    session: Session, browser: Browsers, admitted: Contact, below: BelowMinimum, least: str
) -> None:
    make.bundle(session, slug="kit", minimum_quantity=8, order_step=5)
    agreed.policy(session, below_minimum_quantity=below)

    field = re.search(r'<input[^>]*name="quantity"[^>]*>', browser(admitted).get("/bundles/kit").text)

    assert field
    assert all(part in field[0] for part in ('value="10"', least, 'max="9995"', 'step="5"'))


def test_unknown_draft_and_retired_bundles_look_the_same(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="draft", state=BundleState.DRAFT, image=b"canary")
    make.bundle(session, slug="retired", state=BundleState.RETIRED, image=b"canary")
    visitor = browser(admitted)

    for path in ("/bundles/{}", "/bundles/{}/image"):
        answers = [visitor.get(path.format(slug)) for slug in ("draft", "retired", "missing")]
        plain = {re.sub(r"[0-9a-f]{12}|/bundles/\w+|value=\"[^\"]+\"", "", answer.text) for answer in answers}
        assert {answer.status_code for answer in answers} == {404}
        assert len(plain) == 1
        assert "canary" not in plain.pop()


def test_a_picture_or_the_pictogram_of_the_kind_is_served_and_never_stored(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="with", image=b"PICTURE")
    make.bundle(session, slug="without", kind=Kind.CARE_PRODUCT)
    visitor = browser(admitted)

    picture, pictogram = visitor.get("/bundles/with/image"), visitor.get("/bundles/without/image")

    assert (picture.content, picture.headers["content-type"]) == (b"PICTURE", "image/png")
    assert pictogram.headers["content-type"] == "image/svg+xml"
    assert b"<svg" in pictogram.content
    assert {answer.headers["cache-control"] for answer in (picture, pictogram)} == {"no-store"}


def test_a_stranger_gets_no_picture_whatever_their_browser_claims_to_have(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="with", image=b"PICTURE")
    browser(admitted).get("/bundles/with/image")

    answer = browser().get("/bundles/with/image", headers={"if-none-match": "*", "if-modified-since": "0"})

    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")


def test_a_change_of_the_catalogue_shows_on_the_very_next_request(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle_id = written.bundle(session, slug="kit")
    visitor = browser(admitted)
    assert "€29.90" in visitor.get("/catalogue").text
    assert "€29.90" in visitor.get("/bundles/kit").text

    written.draft_bundle(session, bundle_id=bundle_id, slug="kit", items=[(1, 1)], price_cents=3_100)
    assert "€29.90" in visitor.get("/bundles/kit").text
    publish_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)

    assert "€31.00" in visitor.get("/catalogue").text
    assert "€31.00" in visitor.get("/bundles/kit").text
    retire_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)
    assert names(visitor.get("/catalogue")) == []
    assert visitor.get("/bundles/kit").status_code == 404


def test_a_shared_page_carries_each_visitors_own_cart_count_and_form_token(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    bundle = make.bundle(session, slug="kit")
    other = make.contact(session, of=make.customer(session))
    one, two = browser(admitted), browser(other)

    assert 'id="cart-count">0<' in one.get("/bundles/kit").text
    assert one.submit("/cart/lines", {"slug": "kit", "quantity": "2"}, page="/bundles/kit").status_code == 303

    assert 'id="cart-count">1<' in one.get("/bundles/kit").text
    assert 'id="cart-count">0<' in two.get("/bundles/kit").text
    tokens = {
        one.csrf("/bundles/kit"),
        two.csrf("/bundles/kit"),
        one.csrf("/catalogue"),
        two.csrf("/catalogue"),
    }
    assert len(tokens) == 2
    values = {"csrf": one.csrf("/bundles/kit"), "bundle_id": str(bundle.id), "quantity": "1"}
    assert two.post("/cart/lines", data=values).status_code == 403
    assert "slot-" not in one.get("/bundles/kit").text + two.get("/catalogue").text


def test_the_pages_speak_the_language_of_the_visitor(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="kit", name_de="Dichtungssatz", name_en="Seal kit", price_cents=123_450)
    english, german = browser(admitted), browser(admitted)
    german.cookies.set("schlicht_language", "de", domain="testserver.local")

    assert "Seal kit" in english.get("/catalogue").text
    assert "Dichtungssatz" in german.get("/catalogue").text
    assert "1.234,50\xa0€" in german.get("/bundles/kit").text
    assert "Seal kit" in english.get("/bundles/kit").text


def test_a_company_shut_out_sees_nothing_of_a_page_that_is_kept(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, slug="kit", name_en="Canary kit")
    visitor = browser(admitted)
    assert "Canary kit" in visitor.get("/bundles/kit").text

    with transaction(session):
        session.get_one(Customer, admitted.customer_id).suspended_at = make.NOW

    for path in ("/bundles/kit", "/catalogue", "/catalogue?q=canary", "/bundles/kit/image"):
        answer = visitor.get(path)
        assert (answer.status_code, "Canary" in answer.text) == (403, False)


def shelf(session: Session, **values: Any) -> int:
    """A category; returns its id."""
    defaults = {"slug": "oils", "name_de": "Öle", "name_en": "Oils", "text_en": "All that is slippery."}
    made = make.saved(session, Category(**defaults | values))
    return made.id or 0


def test_a_category_has_its_page_and_counts_and_an_empty_one_is_not_shown(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    oils, belts = shelf(session), shelf(session, slug="belts", name_en="Belts", position=1)
    shelf(session, slug="secret", name_en="Secret plans", position=2)
    make.bundle(session, name_en="Oil", category_id=oils, kind=Kind.CARE_PRODUCT)
    make.bundle(session, name_en="Oil pump", category_id=oils)
    make.bundle(session, name_en="Belt", category_id=belts)
    visitor = browser(admitted)

    whole, one = visitor.get("/catalogue"), visitor.get("/catalogue?category=oils")
    both = visitor.get("/catalogue?category=oils&kind=care_product")

    assert "Oils 2 bundles Belts 1 bundle" in text(whole)
    assert "<h1>Oils</h1>" in one.text
    assert "All that is slippery." in text(one)
    assert names(one) == ["Oil", "Oil pump"]
    assert "All kinds 2 Spare parts 1 Care products 1 All categories Oils 2 Belts 1" in text(one)
    assert names(both) == ["Oil"]
    assert 'href="/catalogue?category=oils&amp;kind=spare_part"' in both.text
    assert visitor.get("/catalogue?category=secret").text == whole.text
    assert "Secret plans" not in whole.text + visitor.get("/catalogue?q=nothing").text


def test_facets_count_inside_what_a_search_found(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    oils, belts = shelf(session), shelf(session, slug="belts", name_en="Belts", position=1)
    make.bundle(session, name_en="Oil set", category_id=oils, kind=Kind.CARE_PRODUCT)
    make.bundle(session, name_en="Pump set", category_id=oils)
    make.bundle(session, name_en="Belt set", category_id=belts)
    make.bundle(session, name_en="Belt", category_id=belts)
    visitor = browser(admitted)

    found, narrowed = visitor.get("/catalogue?q=set"), visitor.get("/catalogue?q=set&category=oils")
    elsewhere = visitor.get("/catalogue?q=belt&category=oils&kind=service")

    assert "All kinds 3 Spare parts 2 Care products 1 All categories Oils 2 Belts 1" in text(found)
    assert "All kinds 2 Spare parts 1 Care products 1 All categories Oils 2 Belts 1" in text(narrowed)
    assert names(narrowed) == ["Oil set", "Pump set"]
    assert 'href="/catalogue?q=belt">Search in all bundles<' in elsewhere.text


def test_a_page_from_a_list_that_is_being_read_anew_is_not_kept(
    session: Session, browser: Browsers, admitted: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.bundle(session, name_en="Oil")
    visitor = browser(admitted)
    with monkeypatch.context() as patch:
        before = Kept(0, 0, SearchIndex([]), Synonyms(), is_behind=True)
        patch.setattr(SearchMemory, "current", lambda *_: before)
        behind = visitor.get("/catalogue?q=oil")

    assert (names(behind), names(visitor.get("/catalogue?q=oil"))) == ([], ["Oil"])


def test_where_nothing_is_found_the_nearest_words_and_the_categories_are_offered(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.bundle(session, name_en="Grease gun", name_de="Fettpresse", category_id=shelf(session))

    page = browser(admitted).get("/catalogue?q=fetprese")

    assert 'href="/catalogue?q=Fettpresse">Fettpresse<' in page.text
    assert re.search(r'href="/catalogue\?category=oils"><img[^>]*> Oils<', page.text)


def test_a_card_tells_the_price_per_unit_and_the_stock_in_words(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    nails = make.block(session, name_en="Nail")
    make.bundle(session, slug="nails", name_en="Nails", items=[(nails, 20)], price_cents=980)
    make.bundle(session, slug="last", name_en="Last ones")
    make.bundle(session, slug="gone", name_en="Gone")
    with transaction(session):
        for slug, level in (("last", StockLevel.FEW), ("gone", StockLevel.NONE)):
            session.exec(update(Listing).where(col(Listing.slug) == slug).values(stock_level=level))
        touch_catalogue(session)
    visitor = browser(admitted)

    shown = text(visitor.get("/catalogue"))

    assert re.search("Nails €0.49 per piece 1 part Single bundles With you by [^€]+ €9.80 plus VAT", shown)
    assert (shown.count("Only a few left"), shown.count("Sold out for now")) == (1, 1)
    assert "Only a few left" in visitor.get("/bundles/last").text
    assert 'action="/cart/lines"' in visitor.get("/bundles/last").text
    assert 'action="/cart/lines"' not in visitor.get("/bundles/gone").text
    assert "€9.80 per bundle, plus VAT €0.49 per piece" in text(visitor.get("/bundles/nails"))


def test_a_bundle_page_tells_purpose_limits_and_the_bundles_with_the_same_parts(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    seal, oil, nail = (make.block(session) for _ in range(3))
    make.bundle(
        session,
        slug="kit",
        name_en="Kit",
        items=[(seal, 1), (oil, 1)],
        purpose_en="For one pump.",
        maximum_quantity=20,
        order_step=3,
        category_id=shelf(session),
    )
    make.bundle(session, name_en="Both and more", items=[(seal, 2), (oil, 2), (nail, 1)])
    make.bundle(session, name_en="Both", items=[(seal, 5), (oil, 5)])
    make.bundle(session, name_en="One of them", items=[(oil, 5)])
    make.bundle(session, name_en="Not related", items=[(nail, 5)])
    make.bundle(session, name_en="Not on sale", items=[(seal, 1), (oil, 1)], state=BundleState.RETIRED)

    page = browser(admitted).get("/bundles/kit")

    assert "What it is for For one pump." in text(page)
    assert "At most an order 20" in text(page)
    assert 'max="18"' in page.text
    assert names(page) == ["Both", "Both and more", "One of them"]
    assert 'href="/catalogue?category=oils">Oils<' in page.text
    assert 'name="bundle" value="kit"' in page.text


def test_at_most_four_related_bundles_are_shown(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    fill(session, 7)

    assert names(browser(admitted).get("/bundles/p-003")) == ["Pack 000", "Pack 001", "Pack 002", "Pack 004"]
