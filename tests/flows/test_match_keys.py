"""The keys of the main accounts follow the list: made with each import, renewed with each change."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from app.core.transaction import transaction
from app.customers.queries_candidates import find_candidates
from app.customers.rules.comparison import find_matches
from app.customers.rules.delivery import Destination, as_applicant
from app.flows.screen_customer import complete_keys
from app.mainbrand.models import CommonKey, MainAccount, MatchKey
from app.mainbrand.rules.match_keys import VERSION, KeyKind, key_hash
from app.mainbrand.service_match_keys import ALL_ACCOUNTS, COMMON_FROM
from tests import make
from tests.flows.test_import_main_brand import Run, accounts

TITLES = "Kundennummer;Firma;Straße;PLZ;Ort;Telefon;Webseite;Handelsnamen;Frühere Namen;Ansprechpartner;ABC\n"
LINE = (
    "7;Ahrenborn Metallbau GmbH;Werkhof 4;04177;Leipzig;0341 2312500;https://www.ahrenborn.example/de;"
    "Stahlwunder; Torprofi;Metall Ahrenborn oHG|Odin Tore GmbH;Frau Kim Probst;A\n"
)


@pytest.fixture
def run(session: Session, tmp_path: Path, now: datetime) -> Run:
    return Run(session, tmp_path, now)


def load(run: Run, *lines: str) -> None:
    path = run.folder / "list.csv"
    path.write_text(TITLES + "".join(lines).replace("Stahlwunder; Torprofi", "Stahlwunder|Torprofi"))
    run.file(path)


def found(session: Session, name: str, street: str = "", code: str = "", town: str = "") -> list[str]:
    """The accounts that a company of this name and address is sent to a person for."""
    session.rollback()
    applicant = as_applicant(Destination(name, street, code, town))
    candidates = find_candidates(session, [applicant])
    matches = find_matches(applicant, candidates.candidates[0], rarity=candidates.rarity)
    return [match.account_number for match in matches]


def key_count(session: Session) -> int:
    session.rollback()
    return session.exec(select(func.count()).select_from(MatchKey)).one()


def test_a_line_may_say_by_what_else_a_company_is_known(run: Run, session: Session) -> None:
    load(run, LINE)

    account = accounts(session)["7"]
    assert account.phone_key == "+493412312500"
    assert account.web_domain == "ahrenborn.example"
    assert account.trade_names == "Stahlwunder|Torprofi"
    assert account.earlier_names == "Metall Ahrenborn oHG|Odin Tore GmbH"
    assert account.contact_name == "Frau Kim Probst"
    assert account.keyed_as == VERSION


@pytest.mark.parametrize(
    "name", ["Ahrenborn Metallbau", "AHRENBORN-METALLBAU KG", "Stahlwunder GmbH", "Torprofi", "Odin Tore oHG"]
)
def test_an_imported_company_is_found_under_each_of_its_names(run: Run, session: Session, name: str) -> None:
    load(run, LINE)

    assert found(session, name) == ["7"]


def test_a_line_that_changes_takes_its_old_keys_along(run: Run, session: Session) -> None:
    load(run, LINE)
    load(run, LINE.replace("Ahrenborn Metallbau", "Zwölfer Kranbau").replace("Werkhof 4", "Ring 9"))

    assert found(session, "Ahrenborn Metallbau") == []
    assert found(session, "Neu GmbH", "Werkhof 4", "04177", "Leipzig") == []
    assert found(session, "Zwoelfer Kranbau") == ["7"]
    assert found(session, "Neu GmbH", "Ring 9", "04177", "Leipzig") == ["7"]


def test_a_second_import_and_a_dry_run_leave_the_keys_alone(run: Run, session: Session) -> None:
    load(run, LINE)
    before = key_count(session)

    load(run, LINE)

    assert key_count(session) == before > 0


def test_accounts_without_keys_get_them_before_anybody_is_compared(session: Session) -> None:
    made = make.main_account(session, company_name="Krögelin Hydraulik AG", name_key="hydraulik kroegelin")
    assert found(session, "Kroegelin Hydraulik") == []

    assert complete_keys(session) == 1

    assert found(session, "Kroegelin Hydraulik") == [made.account_number]
    assert complete_keys(session) == 0


def test_keys_of_older_rules_are_replaced(session: Session) -> None:
    made = make.main_account(session, company_name="Krögelin Hydraulik AG", name_key="hydraulik kroegelin")
    complete_keys(session)
    before = key_count(session)
    with transaction(session):
        session.add(MatchKey(key_hash=4711, account_id=made.id or 0))
        session.get_one(MainAccount, made.id).keyed_as = VERSION - 1

    complete_keys(session)

    assert key_count(session) == before
    assert session.get(MatchKey, (4711, made.id)) is None


def test_an_account_known_by_its_number_alone_is_found_by_nothing(session: Session) -> None:
    make.main_account(session, company_name="12345", name_key="", postal_code="", city="")
    complete_keys(session)

    assert key_count(session) == 0
    assert found(session, "12345") == []


def test_keys_that_outlive_their_account_find_nobody(run: Run, session: Session) -> None:
    load(run, LINE)
    with transaction(session):
        session.delete(session.exec(select(MainAccount)).one())

    assert found(session, "Ahrenborn Metallbau") == []


def test_what_many_accounts_have_is_counted_and_the_rest_is_not_kept(run: Run, session: Session) -> None:
    lines = [f"{at};Kranbau {'abcdefghijklm'[at] * 5} GmbH;;;;;;;;;A\n" for at in range(COMMON_FROM + 1)]
    load(run, *lines)

    session.rollback()
    counts = {row.key_hash: row.account_count for row in session.exec(select(CommonKey))}
    assert counts[ALL_ACCOUNTS] == COMMON_FROM + 1
    assert counts[key_hash((KeyKind.WORD, "kranbau"))] == COMMON_FROM + 1
    assert min(counts.values()) >= COMMON_FROM
    assert session.exec(
        select(func.count()).where(col(MatchKey.key_hash) == key_hash((KeyKind.WORD, "kranbau")))
    ).one() == (COMMON_FROM + 1)


def test_a_broken_import_leaves_the_keys_as_they_were(
    run: Run, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(run, LINE)
    before = key_count(session)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("app.mainbrand.service_accounts.count_keys", fail)
    with pytest.raises(RuntimeError):
        load(run, LINE.replace("Ahrenborn Metallbau", "Zwölfer Kranbau"))

    assert key_count(session) == before
    assert found(session, "Ahrenborn Metallbau") == ["7"]
