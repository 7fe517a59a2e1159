"""Programs hand lists in with a key, and nothing but the key counts: `app/web/api`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Block
from app.core.clock import utc_now
from app.core.db import Database
from app.flows import receive_import
from app.imports.models import Import
from app.mainbrand.models import MainAccount, Purchase
from app.shop import Shop
from app.staff.models import ApiKey
from app.staff.rules.roles import Role
from app.web.access import REGISTRY, Access
from app.worker import run_until_idle
from tests import make
from tests.imports.hand_in import files_in, table_rows
from tests.web.conftest import Browser

KEY = "schlicht_test-key-of-a-program"
LIST = "Kundennummer;Firma;Segment\n1;Ahrenborn;A\n2;Birkeck;Z\n"
PURCHASES = "invoice,stock_code,quantity,invoice_ts,unit_price,customer_id\nR1,A,2,2026-01-05,1.50,7\n"
ROUTES = sorted(key for key, entry in REGISTRY.items() if entry.access is Access.API)
TABLES = ("imports", "jobs", "main_accounts", "audit_entries")


class Program:
    """A program with a key."""

    def __init__(self, browser: Browser, key: str = KEY) -> None:
        self.browser = browser
        self.headers = {"authorization": f"Bearer {key}", "accept-language": "en"}

    def get(self, path: str) -> Any:
        return self.browser.get(path, headers=self.headers)

    def post(self, path: str, **more: Any) -> Any:
        return self.browser.post(path, headers=self.headers, **more)


@pytest.fixture
def program(session: Session, browser: Callable[..., Browser]) -> Program:
    make.api_key(session, key=KEY, scopes=("imports:read", "imports:write"))
    return Program(browser())


def address(path: str) -> str:
    return path.replace("{import_id}", "1")


def test_a_list_is_taken_and_what_became_of_it_can_be_asked_for(
    program: Program, shop: Shop, session: Session
) -> None:
    posted = program.post("/api/v1/imports/accounts?file_name=erp.csv", content=LIST.encode())
    where = posted.headers["location"]
    run_until_idle(shop)
    sheet = program.get(where).json()

    assert posted.status_code == 202
    assert (posted.json()["state"], posted.json()["is_done"]) == ("uploaded", False)
    assert (sheet["state"], sheet["is_done"], sheet["file_name"]) == ("applied", True, "erp.csv")
    assert (sheet["new"], sheet["changed"], sheet["unchanged"], sheet["rejected"]) == (1, 0, 0, 1)
    assert sheet["rejects_by_reason"] == [
        {"column": "segment", "reason": "is neither A, B nor C", "count": 1}
    ]
    rejects = program.get(sheet["rejects"])
    assert (
        rejects.content.decode("utf-8-sig").splitlines()[1] == "2;Birkeck;Z;3;segment;is neither A, B nor C"
    )
    assert [row.company_name for row in session.exec(select(MainAccount))] == ["Ahrenborn"]
    # The rating that follows is default act.
    mine = select(AuditEntry.actor_name).where(col(AuditEntry.action).like("%import%"))
    actors = set(session.exec(mine).all())
    assert actors == {"API: ERP"}


def test_a_program_hands_in_new_costs_of_blocks(program: Program, shop: Shop, session: Session) -> None:
    block = make.block(session, sku="A", unit_cost_cents=200)

    posted = program.post("/api/v1/imports/blocks", content=b"SKU;Einkaufspreis\nA;2,50\nB;1,00\n")
    run_until_idle(shop)

    sheet = program.get(posted.headers["location"]).json()
    assert (sheet["state"], sheet["kind"], sheet["changed"], sheet["rejected"]) == ("applied", "blocks", 1, 1)
    assert session.get_one(Block, block.id, populate_existing=True).unit_cost_cents == 250


def test_a_dry_run_counts_and_writes_nothing(program: Program, shop: Shop, session: Session) -> None:
    posted = program.post("/api/v1/imports/accounts", params={"dry_run": "true"}, content=LIST.encode())
    run_until_idle(shop)

    sheet = program.get(posted.headers["location"]).json()

    assert (sheet["state"], sheet["is_done"], sheet["dry_run"], sheet["new"]) == ("checked", True, True, 1)
    assert session.exec(select(MainAccount)).all() == []


def test_a_dry_run_is_over_with_its_counts_and_stands_in_nobodys_way(
    program: Program,
    shop: Shop,
    session: Session,
    browser: Callable[..., Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receive_import, "MOST_WAITING", 1)
    clerk = browser(make.staff_member(session, role=Role.OPERATIONS))
    for _ in range(2):
        assert program.post("/api/v1/imports/accounts?dry_run=1", content=LIST.encode()).status_code == 202
        run_until_idle(shop)

    page, pressed = clerk.get("/admin/imports/1").text, clerk.submit("/admin/imports/1/apply")

    assert "A program asked for a dry run only." in page
    assert "Import now" not in page
    assert pressed.status_code == 409
    assert files_in(shop.settings.spool_folder) == [".rejects.csv"] * 2
    assert session.exec(select(MainAccount)).all() == []


def test_a_form_with_a_file_is_taken_like_the_file_itself(
    program: Program, shop: Shop, session: Session
) -> None:
    posted = program.post("/api/v1/imports/purchases", files={"file": ("kauf.csv", PURCHASES)})
    run_until_idle(shop)

    assert program.get(posted.headers["location"]).json()["file_name"] == "kauf.csv"
    assert [row.net_cents for row in session.exec(select(Purchase))] == [300]


def test_a_source_whose_columns_a_person_chose_is_read_the_same_way(
    program: Program, shop: Shop, session: Session, browser: Callable[..., Browser]
) -> None:
    clerk = browser(make.staff_member(session, role=Role.OPERATIONS))
    content = "A;B\n1;Ahrenborn\n"
    fields = {"csrf": clerk.csrf("/admin/imports"), "kind": "accounts", "source": "ERP"}
    where = clerk.post("/admin/imports", data=fields, files={"file": ("a.csv", content)}).headers["location"]
    run_until_idle(shop)
    clerk.submit(f"{where}/columns", {"account_number": "A", "company_name": "B"})
    run_until_idle(shop)

    posted = program.post("/api/v1/imports/accounts?source=ERP", content=content.encode())
    run_until_idle(shop)

    assert program.get(posted.headers["location"]).json()["new"] == 1


def test_a_file_without_the_needed_columns_is_refused_with_a_code(program: Program, shop: Shop) -> None:
    posted = program.post("/api/v1/imports/accounts", content=b"Farbe;Form\nrot;rund\n")
    run_until_idle(shop)

    sheet = program.get(posted.headers["location"]).json()

    assert (sheet["state"], sheet["error"]["code"]) == ("failed", "file.columns_missing")
    assert "account_number, company_name" in sheet["error"]["detail"]


@pytest.mark.parametrize("method, path", ROUTES)
def test_without_a_key_or_with_a_wrong_one_nobody_gets_in(
    browser: Callable[..., Browser], database: Database, shop: Shop, session: Session, method: str, path: str
) -> None:
    make.checked_import(session)
    now = utc_now()
    make.api_key(session, key="expired", scopes=("imports:read", "imports:write"), expires_at=now)
    make.api_key(session, key="revoked", scopes=("imports:read", "imports:write"), revoked_at=now)
    admin = browser(make.staff_member(session, role=Role.ADMIN))
    before = table_rows(database, *TABLES)

    for visitor, headers in (
        (browser(), {}),
        (admin, {}),
        (browser(), {"authorization": "Bearer nobody-has-this"}),
        (browser(), {"authorization": "Bearer expired"}),
        (browser(), {"authorization": "Bearer revoked"}),
        (browser(), {"authorization": "Basic " + KEY}),
        (browser(), {"cookie": f"schlicht_staff={KEY}; schlicht={KEY}"}),
    ):
        answer = visitor.request(method, address(path), headers=headers, content=LIST.encode())

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "access.unknown"
    assert table_rows(database, *TABLES) == before
    assert files_in(shop.settings.spool_folder) == []


@pytest.mark.parametrize("method, path", ROUTES)
def test_a_key_without_the_scope_opens_nothing(
    browser: Callable[..., Browser], database: Database, session: Session, method: str, path: str
) -> None:
    make.checked_import(session)
    scope = REGISTRY[method, path].scope
    assert scope is not None
    others = {"imports:read", "imports:write"} - {scope.value}
    make.api_key(session, key=KEY, scopes=tuple(others))
    before = table_rows(database, *TABLES)

    answer = browser().request(
        method, address(path), headers={"authorization": f"Bearer {KEY}"}, content=LIST.encode()
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "access.refused")
    assert table_rows(database, *TABLES) == before


def test_a_key_needs_no_form_token_and_no_origin_of_ours(program: Program) -> None:
    program.headers |= {"origin": "https://erp.example", "sec-fetch-site": "cross-site"}

    assert program.post("/api/v1/imports/accounts", content=LIST.encode()).status_code == 202


def test_an_import_that_does_not_exist_is_a_problem_with_a_code(program: Program) -> None:
    for path in ("/api/v1/imports/77", "/api/v1/imports/77/rejects"):
        answer = program.get(path)

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank",
            "title": "There is nothing here",
            "status": 404,
            "code": "import.not_found",
            "detail": "There is no such import.",
        }
    assert program.get("/api/v1/imports/x").status_code == 404
    assert program.post("/api/v1/imports/accounts?dry_run=perhaps", content=b"x").status_code == 422
    assert program.post("/api/v1/imports/accounts", content=b"").json()["code"] == "import.no_file"


def test_uses_of_a_key_are_noted_and_too_many_are_refused_for_a_while(
    program: Program, session: Session
) -> None:
    answers = [program.get("/api/v1/imports/77").status_code for _ in range(121)]

    assert answers == [404] * 120 + [429]
    refused = program.get("/api/v1/imports/77")
    assert refused.json()["code"] == "throttled"
    assert 1 <= int(refused.headers["retry-after"]) <= 61
    session.rollback()
    used = session.exec(select(ApiKey.last_used_at)).one()
    assert used is not None
    assert utc_now() - used < timedelta(minutes=1)


def test_guessing_keys_is_refused_for_a_while(browser: Callable[..., Browser]) -> None:
    stranger = browser()

    answers = [
        stranger.get("/api/v1/imports/1", headers={"authorization": f"Bearer guess-{n}"}).status_code
        for n in range(21)
    ]

    assert answers == [401] * 20 + [429]


def test_the_description_names_the_routes_of_programs_and_no_others(browser: Callable[..., Browser]) -> None:
    answer = browser().get("/api/v1/openapi.json")
    found = answer.json()

    described = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    assert described == set(ROUTES)
    assert "/admin" not in answer.text
    assert "/catalogue" not in answer.text
    assert found["paths"]["/api/v1/imports/accounts"]["post"]["security"] == [{"key": ["imports:write"]}]
    assert "429" in found["paths"]["/api/v1/imports/accounts"]["post"]["responses"]
    assert "HTTPValidationError" not in answer.text


def test_an_administrator_makes_a_key_sees_it_once_and_revokes_it(
    browser: Callable[..., Browser], session: Session
) -> None:
    admin = browser(make.staff_member(session, role=Role.ADMIN, name="Robin"))
    shown = admin.submit(
        "/admin/api-keys", {"name": "ERP nightly", "scopes": "imports:read", "valid_days": "30"}
    )
    key = shown.text.split("<p><code>")[1].split("</code>")[0]
    kept = session.exec(select(ApiKey)).one()
    program = Program(browser(), key)

    assert program.get("/api/v1/imports/77").status_code == 404
    assert key not in admin.get("/admin/api-keys").text
    assert key not in repr(kept.model_dump())
    assert timedelta(days=29) < kept.expires_at - utc_now() < timedelta(days=31)
    admin.submit(f"/admin/api-keys/{kept.id}")
    assert program.get("/api/v1/imports/77").status_code == 401
    session.rollback()
    actions = session.exec(
        select(AuditEntry.action, AuditEntry.object_name, AuditEntry.actor_name).order_by(col(AuditEntry.id))
    ).all()
    assert list(actions) == [
        ("api_key.created", "ERP nightly", "Robin"),
        ("api_key.revoked", "ERP nightly", "Robin"),
    ]


def test_a_key_without_name_scope_or_sensible_time_is_not_made(
    browser: Callable[..., Browser], session: Session
) -> None:
    admin = browser(make.staff_member(session, role=Role.ADMIN))

    answer = admin.submit("/admin/api-keys", {"name": "", "valid_days": "9999"})

    assert answer.status_code == 422
    for field in ("name", "scopes", "valid_days"):
        assert f'href="#f-{field}"' in answer.text
    assert session.exec(select(ApiKey)).all() == []


def test_a_list_that_is_too_large_is_a_problem_and_leaves_nothing(
    program: Program, shop: Shop, session: Session
) -> None:
    program.headers["content-length"] = str(600 * 1024**2)

    answer = program.post("/api/v1/imports/accounts", content=b"x")

    assert (answer.status_code, answer.json()["code"]) == (413, "http.413")
    assert session.exec(select(Import)).all() == []
    assert files_in(shop.settings.spool_folder) == []
