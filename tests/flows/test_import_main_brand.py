"""The main brand's list: the whole file or nothing, new and changed counted, and no harm in a second time."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid
from app.core.transaction import transaction
from app.flows.import_main_brand import ImportedAccounts, import_main_brand
from app.flows.override_rating import Target, propose_override
from app.jobs.models import Job
from app.mainbrand.files import open_table
from app.mainbrand.models import Cause, MainAccount, SegmentChange
from app.mainbrand.rejects import Reject, RejectFile
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS
from app.mainbrand.rules.prospect import Judgement
from app.mainbrand.rules.segments import Segment
from tests.make_xlsx import write_xlsx

COMMAND = Actor(ActorKind.COMMAND, "shop import-accounts")
TITLES = (
    "Kundennummer;Firma;USt-IdNr.;Registernummer;Registergericht;Straße;PLZ;Ort;Land;"
    "E-Mail;Telefon;Segment;Umsatz 12M"
)
FULL = (
    "7;Ahrenborn Metallbau GmbH;DE 136 695 976;HRB 12345;Leipzig;Werkhof 4;4177;Leipzig;Deutschland;"
    "a@shop.ahrenborn.example;+49 30 23125 001;a;1.234,56"
)


class Run:
    """Imports files and keeps what was said about their lines."""

    def __init__(self, session: Session, folder: Path, now: datetime) -> None:
        self.session, self.folder, self.now = session, folder, now
        self.rejects: list[Reject] = []
        self.notes: list[Reject] = []

    def text(self, *lines: str, is_dry_run: bool = False) -> ImportedAccounts:
        path = self.folder / "list.csv"
        path.write_text("\n".join((TITLES, *lines)) + "\n", encoding="cp1252")
        return self.file(path, is_dry_run=is_dry_run)

    def file(self, path: Path, *, is_dry_run: bool = False) -> ImportedAccounts:
        self.rejects, self.notes = [], []
        with open_table(path, ACCOUNT_COLUMNS) as table:
            return import_main_brand(
                self.session,
                table,
                on_reject=self.rejects.append,
                on_note=self.notes.append,
                on_progress=lambda _: None,
                is_dry_run=is_dry_run,
                actor=COMMAND,
                now=self.now,
            )


@pytest.fixture
def run(session: Session, tmp_path: Path, now: datetime) -> Run:
    return Run(session, tmp_path, now)


def accounts(session: Session) -> dict[str, MainAccount]:
    session.rollback()
    session.expire_all()
    return {account.account_number: account for account in session.exec(select(MainAccount))}


def job_count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Job).where(col(Job.kind) == "screen_all")).one()


def test_a_full_line_becomes_an_account_with_all_its_keys(run: Run, session: Session, now: datetime) -> None:
    done = run.text(FULL)

    account = accounts(session)["7"]
    assert done == ImportedAccounts(1, 0, 0, 0, 0)
    assert (account.company_name, account.name_key) == ("Ahrenborn Metallbau GmbH", "ahrenborn metallbau")
    assert (account.vat_id, account.register_key) == ("DE136695976", "leipzig HRB 12345")
    assert (account.street, account.postal_code, account.city, account.country) == (
        "Werkhof 4",
        "04177",
        "Leipzig",
        "DE",
    )
    assert (account.email_domain, account.phone) == ("ahrenborn.example", "+49 30 23125 001")
    assert (account.segment, account.listed_segment) == (Segment.A, Segment.A)
    assert (account.segment_reason, account.revenue_12m_cents) == ("as in the main brand's list", 123_456)
    assert account.imported_at == now


def test_a_second_time_changes_nothing_and_screens_nobody(run: Run, session: Session, now: datetime) -> None:
    run.text(FULL, "8;Birkeck;;;;;;;;;;;")
    run.now = now + timedelta(days=1)

    done = run.text(FULL, "8;Birkeck;;;;;;;;;;;")

    assert done == ImportedAccounts(0, 0, 2, 0, 0)
    assert job_count(session) == 1
    assert {account.imported_at for account in accounts(session).values()} == {now}
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_only_the_changed_line_is_written(run: Run, session: Session, now: datetime) -> None:
    run.text(FULL, "8;Birkeck;;;;;;;;;;;")
    run.now = now + timedelta(days=1)

    done = run.text(FULL, "8;Birkeck;;;;;;;;;;B;")

    assert done == ImportedAccounts(0, 1, 1, 0, 0)
    assert accounts(session)["8"].segment is Segment.B
    assert accounts(session)["7"].imported_at == now
    assert job_count(session) == 2


def test_a_dry_run_counts_and_writes_nothing(run: Run, session: Session) -> None:
    run.text("8;Birkeck;;;;;;;;;;;")

    done = run.text(FULL, "8;Birkeck KG;;;;;;;;;;;", is_dry_run=True)

    assert done == ImportedAccounts(1, 1, 0, 0, 0)
    assert set(accounts(session)) == {"8"}
    assert accounts(session)["8"].company_name == "Birkeck"


def test_wrong_lines_are_named_and_the_others_taken(run: Run, session: Session) -> None:
    done = run.text(
        ";No number;;;;;;;;;;;",
        "1;;;;;;;;;;;;",
        "2;Dornrieth;;;;;;;;;;D;",
        "3;Eschenegge;;;;;;;Neverland;;;;",
        "4;Falkenbrink;;;;;;;;;;;1.234",
        "5;Ginsterlohe;;;;;;;;;;;much",
        "6;---;;;;;;;;;;;",
        FULL,
        "7;Twice;;;;;;;;;;;",
    )

    assert done == ImportedAccounts(1, 0, 0, 8, 0)
    assert [(reject.line, reject.column, reject.value) for reject in run.rejects] == [
        (2, "account_number", ""),
        (3, "company_name", ""),
        (4, "segment", "D"),
        (5, "country", "Neverland"),
        (6, "revenue_12m", "1.234"),
        (7, "revenue_12m", "much"),
        (8, "company_name", "---"),
        (10, "account_number", "7"),
    ]
    assert run.rejects[-1].reason == "stands in line 9 already"
    assert set(accounts(session)) == {"7"}


def test_an_account_with_a_broken_vat_id_is_taken_without_it_and_named(run: Run, session: Session) -> None:
    done = run.text("7;Ahrenborn;unknown;12345;;;;;;;;A;")

    assert done == ImportedAccounts(1, 0, 0, 0, 2)
    assert [note.column for note in run.notes] == ["vat_id", "register_number"]
    assert accounts(session)["7"].vat_id is None


def test_refused_lines_can_be_corrected_in_their_file_and_imported(
    run: Run, session: Session, tmp_path: Path
) -> None:
    source, rejects = tmp_path / "list.csv", tmp_path / "rejects.csv"
    source.write_text("Firma;Farbe;Kundennummer;Segment\nAhrenborn;rot;1;X\nBirkeck;blau;2;B\n")
    with open_table(source, ACCOUNT_COLUMNS) as table, RejectFile(rejects, table.titles) as write:
        import_main_brand(
            session,
            table,
            on_reject=write,
            on_note=write,
            on_progress=lambda _: None,
            is_dry_run=False,
            actor=COMMAND,
            now=run.now,
        )
    rejects.write_text(rejects.read_text("utf-8-sig").replace(";X;", ";A;"))

    done = run.file(rejects)

    assert done == ImportedAccounts(1, 0, 0, 0, 0)
    assert {number: account.segment for number, account in accounts(session).items()} == {
        "1": Segment.A,
        "2": Segment.B,
    }


def test_a_file_that_breaks_off_changes_nothing(run: Run, session: Session, tmp_path: Path) -> None:
    path = write_xlsx(
        tmp_path / "a.xlsx", [["account_number", "company_name"], *[[n, f"Firm {n}"] for n in range(900)]]
    )
    content = bytearray(path.read_bytes())
    start = content.index(b"sheet1.xml") + 2_000
    content[start : start + 60] = b"\xff" * 60
    path.write_bytes(bytes(content))

    with pytest.raises(Invalid) as refused:
        run.file(path)

    assert refused.value.code == "file.damaged"
    assert accounts(session) == {}
    assert job_count(session) == 0


def test_revenue_in_the_list_rates_an_account_that_has_no_segment(run: Run, session: Session) -> None:
    run.text(
        "1;Ahrenborn;;;;;;;;;;;50000,00",
        "2;Birkeck;;;;;;;;;;;10000",
        "3;Dornrieth;;;;;;;;;;-;99,00",
        "4;X;;;;;;;;;;;",
    )

    assert [account.segment for account in accounts(session).values()] == [
        Segment.A,
        Segment.B,
        Segment.C,
        Segment.UNRATED,
    ]


def test_what_purchases_have_shown_outlives_the_list(run: Run, session: Session, now: datetime) -> None:
    run.text("1;Ahrenborn;;;;;;;;;;C;")
    with transaction(session):
        account = session.exec(select(MainAccount)).one()
        account.segment, account.segment_reason = Segment.A, "bought a lot"
        account.revenue_12m_cents, account.rated_at = 9_000_000, now

    run.text("1;Ahrenborn AG;;;;;;;;;;C;12,00")

    renewed = accounts(session)["1"]
    assert (renewed.company_name, renewed.listed_segment) == ("Ahrenborn AG", Segment.C)
    assert (renewed.segment, renewed.segment_reason, renewed.revenue_12m_cents) == (
        Segment.A,
        "bought a lot",
        9_000_000,
    )


def test_headcount_industry_and_sales_judgement_are_read_in_both_languages(
    run: Run, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(
        "Kundennummer;Firma;Mitarbeiterzahl;Branche;Potenzial\n"
        "1;Ahrenborn;1.250;Metallbau;hoch\n"
        "2;Birkeck;12;;gering\n"
        "3;Dornrieth;viele;;\n"
        "4;Eschenegge;;;vielleicht\n"
        "5;Falkenbrink;;;\n"
    )

    done = run.file(path)

    assert done == ImportedAccounts(3, 0, 0, 2, 0)
    assert [(reject.line, reject.column) for reject in run.rejects] == [
        (4, "headcount"),
        (5, "sales_judgement"),
    ]
    found = {
        number: (one.headcount, one.industry, one.sales_judgement)
        for number, one in accounts(session).items()
    }
    assert found == {
        "1": (1250, "Metallbau", Judgement.HIGH),
        "2": (12, "", Judgement.LOW),
        "5": (None, "", None),
    }


def test_a_new_segment_in_the_list_is_noted_in_the_history(run: Run, session: Session) -> None:
    run.text(FULL, "8;Birkeck;;;;;;;;;;A;")
    run.text(FULL, "8;Birkeck;;;;;;;;;;C;")
    run.text(FULL, "8;Birkeck AG;;;;;;;;;;C;")

    changes = session.exec(select(SegmentChange)).all()

    assert [(one.old_segment, one.new_segment, one.cause) for one in changes] == [
        (Segment.A, Segment.C, Cause.LIST)
    ]


def test_a_list_does_not_undo_an_override(run: Run, session: Session, now: datetime) -> None:
    run.text("8;Birkeck;;;;;;;;;;A;")
    propose_override(
        session,
        Target(account_id=accounts(session)["8"].id),
        segment=Segment.C,
        reason="closes down",
        last_on=now.date(),
        today=now.date(),
        actor=COMMAND,
        now=now,
    )

    run.text("8;Birkeck AG;;;;;;;;;;B;")

    assert accounts(session)["8"].company_name == "Birkeck AG"
    assert accounts(session)["8"].segment is Segment.C
