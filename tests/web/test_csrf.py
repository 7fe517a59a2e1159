"""Nothing is changed by a form that another site, session or person made."""

from collections.abc import Callable

import pytest
from sqlmodel import Session

from app.customers.models import Contact
from app.web.access import REGISTRY, Access
from app.web.csrf import FIELD
from tests import make
from tests.web.conftest import Browser

Open = Callable[..., Browser]
UNSAFE = sorted(
    key
    for key, entry in REGISTRY.items()
    # Programs sign or show a key: no browser sends either by itself (tests/web/api/test_imports.py).
    if key[0] != "GET" and entry.access not in (Access.WEBHOOK, Access.API)
)


@pytest.fixture
def page_of(browser: Open, admitted: Contact, session: Session) -> Callable[[Access], Browser]:
    def open_as(access: Access) -> Browser:
        if access in (Access.STAFF, Access.HALF_STAFF):
            return browser(make.staff_member(session))
        return browser(admitted) if access is not Access.PUBLIC else browser()

    return open_as


def test_each_form_refuses_a_missing_a_foreign_and_another_sessions_token(
    page_of: Callable[[Access], Browser], browser: Open
) -> None:
    foreign = browser().csrf("/imprint")
    pages = {access: page_of(access) for access in {REGISTRY[key].access for key in UNSAFE}}
    for method, path in UNSAFE:
        page = pages[REGISTRY[method, path].access]
        target = path.replace("{", "").replace("}", "")
        for values in ({}, {FIELD: ""}, {FIELD: "x" * 43}, {FIELD: foreign}):
            answer = page.request(method, target, data=values, headers={"accept": "application/json"})
            assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "form.foreign")


def test_each_form_refuses_another_sites_page(page_of: Callable[[Access], Browser]) -> None:
    pages = {access: page_of(access) for access in {REGISTRY[key].access for key in UNSAFE}}
    for method, path in UNSAFE:
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "http://testserver.evil.example"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site", "origin": "null"},
        ):
            page = pages[REGISTRY[method, path].access]
            answer = page.request(method, path, headers={**headers, "accept": "application/json"})
            assert (path, answer.status_code, answer.json()["code"]) == (path, 403, "form.foreign_origin")
