"""A draft becomes a document: built, checked, printed, and only then numbered, in one short transaction."""

# The number stands inside XML and PDF, and the counter must not be locked while they are made (reliability.md 1.6):
# the next number is foreseen, everything is made with it, and the transaction takes the document only if its counter
# gives that very number. Where another worker was faster, only XML and PDF are made again.

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from app.audit.service import SYSTEM, Actor, record
from app.core.errors import N_, NotFound, Refused, ShopError, Unavailable
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.service_vat import put_invoice_question, put_staff_question
from app.invoices.checking import Checker, Report
from app.invoices.making import (
    VAT_ID_IN_DOUBT,
    Material,
    NothingToIssue,
    ProofWanted,
    Render,
    build,
    is_vat_id_in_doubt,
    read_material,
)
from app.invoices.models import Invoice, InvoiceDraft, InvoiceTax
from app.invoices.queries_facts import vat_id_of
from app.invoices.rules.document import Document, DraftState, to_json
from app.invoices.rules.numbering import moment_of_issue, number_of, retain_until
from app.invoices.rules.supply import CannotBuild
from app.invoices.service_drafts import drop_draft, lock_draft, wait_again
from app.invoices.service_mail import mail_invoice
from app.invoices.service_numbers import draw, lock_range, look
from app.invoices.xml import write_xml
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.service import lock_order
from app.ordering.service_freeze import open_freeze
from app.settings import Settings

MOST_TRIES = 50
LOOK_SOON = timedelta(seconds=30)
LOOK_LATER = timedelta(minutes=10)
LOOK_OFTEN_FOR = timedelta(minutes=10)
_NUMBERING = threading.Lock()
"""The threads of a process do not take each other's numbers away: one at a time prints and commits."""

Clock = Callable[[], datetime]


class _Overtaken(Exception):
    """Another worker took the number, or the day or the order changed meanwhile."""


def issue_invoice(
    session: Session,
    checker: Checker,
    render: Render,
    *,
    draft_id: int,
    settings: Settings,
    clock: Clock,
) -> str | None:
    """The number of the document that a draft became; None where it has none: gone, blocked, or issued before.

    What the rules refuse, or what cannot be built, gets no number: the draft is blocked with the findings until a
    person has it tried again. While sales are frozen the draft waits: the last number may not be known yet. Raises
    Unavailable where the check does not answer, and where the clock stands before the last document: whoever called
    tries again later.
    """
    checked: tuple[Document, Report] | None = None
    for _ in range(MOST_TRIES):
        draft = session.get(InvoiceDraft, draft_id)
        if draft is None or draft.state is not DraftState.WAITING:
            session.rollback()
            return None
        if open_freeze(session) is not None:
            session.rollback()
            _look_again(session, draft_id, now=clock())
            return None
        try:
            material = read_material(session, draft, settings=settings, now=clock())
            document = _foreseen(session, material, settings=settings, now=clock())
        except CannotBuild as problem:
            session.rollback()
            _set_aside(session, draft_id, problem, now=clock())
            return None
        except ProofWanted as wanted:
            session.rollback()
            _ask_first(session, draft_id, wanted, now=clock())
            return None
        session.rollback()
        if checked is None or not _differ_in_number_only(checked[0], document):
            checked = document, checker.check(write_xml(document))
        if not checked[1].is_passed:
            _block(session, draft_id, _refused(checked[1]), now=clock())
            return None
        try:
            return _number(
                session, render, material, checked[1], draft_id=draft_id, settings=settings, clock=clock
            )
        except _Overtaken:
            continue
    raise Unavailable(N_("Other documents took the number each time."), code="invoice.overtaken")


def try_again(session: Session, *, draft_id: int, actor: Actor, now: datetime) -> bool:
    """Has a blocked draft tried once more; False where it is not blocked any more. Raises NotFound.

    Where the buyer's VAT id is in doubt, it is asked about anew first.
    """
    with transaction(session):
        order_id = _order_of(session, draft_id)
        if order_id is None:
            raise NotFound(N_("There is no such draft."), code="invoice.no_draft")
        order = lock_order(session, order_id)
        draft = lock_draft(session, draft_id)
        if draft is None or draft.state is not DraftState.BLOCKED:
            return False
        is_asked = is_vat_id_in_doubt(draft) and put_staff_question(
            session, customer_id=order.customer_id, vat_id=vat_id_of(session, order), now=now
        )
        wait_again(session, draft, now=now, run_at=now + LOOK_SOON if is_asked else None)
        record(
            session,
            actor,
            action="invoice.tried_again",
            object_kind="order",
            object_id=order.id,
            object_name=order.number,
            now=now,
        )
    return True


def give_up_issuing(session: Session, *, draft_id: int, error: str, now: datetime) -> None:
    """Blocks a draft whose last try failed for a reason of the program, with the error, so that a person sees it."""
    problem = Refused(
        N_("The document could not be made. The log of the worker says why."), code="invoice.failed"
    )
    _block(session, draft_id, problem, now=now, detail=error[:1000])


def _foreseen(session: Session, material: Material, *, settings: Settings, now: datetime) -> Document:
    """The document under the number that comes next as far as one can see."""
    issued_on = now.astimezone(ZoneInfo(settings.timezone)).date()
    stand = look(session, material.kind, issued_on.year)
    number = number_of(material.kind, issued_on.year, stand.last_number)
    return build(
        material, number=number, issued_on=_issue_day(stand.last_issued_at, now, settings) or issued_on
    )


def _issue_day(last_issued_at: datetime | None, now: datetime, settings: Settings) -> date | None:
    moment = moment_of_issue(now, last_issued_at)
    return moment.astimezone(ZoneInfo(settings.timezone)).date() if moment else None


def _differ_in_number_only(checked: Document, document: Document) -> bool:
    return replace(checked, number=document.number) == document


def _number(
    session: Session,
    render: Render,
    material: Material,
    report: Report,
    *,
    draft_id: int,
    settings: Settings,
    clock: Clock,
) -> str:
    """Prints what was checked and takes the number for it. Raises _Overtaken, Unavailable."""
    with _NUMBERING:
        document = _foreseen(session, material, settings=settings, now=clock())
        session.rollback()
        xml = write_xml(document)
        pdf = render(document, xml)
        with transaction(session):
            order = lock_order(session, material.order_id)
            draft = lock_draft(session, draft_id)
            if draft is None or draft.state is not DraftState.WAITING:
                raise _Overtaken
            _is_as_it_was(session, draft, material, settings=settings, now=clock())
            _store(
                session, order, draft, material, document, xml, pdf, report, clock=clock, settings=settings
            )
            reach("issue_invoice.before_commit")
        reach("issue_invoice.after_commit")
    return document.number


def _is_as_it_was(
    session: Session, draft: InvoiceDraft, material: Material, *, settings: Settings, now: datetime
) -> None:
    try:
        now_there = read_material(session, draft, settings=settings, now=now)
    except (CannotBuild, ProofWanted) as error:
        raise _Overtaken from error
    if now_there != material:
        raise _Overtaken


def _store(
    session: Session,
    order: Order,
    draft: InvoiceDraft,
    material: Material,
    document: Document,
    xml: bytes,
    pdf: bytes,
    report: Report,
    *,
    clock: Clock,
    settings: Settings,
) -> None:
    """The counter, and with its number the rows: nothing here waits for anything."""
    counter = lock_range(session, document.kind, document.issued_on.year)
    stand = look(session, document.kind, document.issued_on.year)
    issued_at = moment_of_issue(clock(), stand.last_issued_at)
    if issued_at is None or stand.last_year > document.issued_on.year:
        raise Unavailable(
            N_("The clock stands before the last document: no number is given until it is past it."),
            code="invoice.clock",
        )
    if issued_at.astimezone(ZoneInfo(settings.timezone)).date() != document.issued_on:
        raise _Overtaken
    if draw(counter, document.kind, at=issued_at) != document.number:
        raise _Overtaken
    invoice = _as_row(material, document, xml, pdf, report, issued_at=issued_at)
    session.add(invoice)
    session.flush()
    for tax in document.taxes:
        session.add(
            InvoiceTax(
                invoice_id=invoice.id or 0,
                category=tax.category,
                vat_rate_bp=tax.vat_rate_bp,
                net_cents=tax.net_cents,
                vat_cents=tax.vat_cents,
            )
        )
    draft.state, draft.kind, draft.invoice_id = DraftState.ISSUED, document.kind, invoice.id
    draft.problem, draft.changed_at = None, issued_at
    mail_invoice(session, invoice, now=issued_at)
    record(
        session,
        SYSTEM,
        action="invoice.issued",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=issued_at,
        new={"number": invoice.number, "kind": invoice.kind, "xml_sha256": invoice.xml_sha256},
    )


def _as_row(
    material: Material, document: Document, xml: bytes, pdf: bytes, report: Report, *, issued_at: datetime
) -> Invoice:
    return Invoice(
        number=document.number,
        kind=document.kind,
        order_id=material.order_id,
        customer_id=material.customer_id,
        corrects_id=material.corrects_id,
        refund_id=material.refund_id,
        issued_at=issued_at,
        issued_on=document.issued_on,
        supplied_on=document.supplied_on,
        paid_on=document.paid.paid_on if document.paid else None,
        language=document.language,
        currency=document.currency,
        vat_case=document.vat_case,
        net_cents=document.net_cents,
        vat_cents=document.vat_cents,
        gross_cents=document.gross_cents,
        buyer_name=document.buyer.name,
        buyer_vat_id=document.buyer.vat_id,
        buyer_country=document.buyer.country,
        document=to_json(document),
        report=report.as_json(),
        xml=xml,
        xml_sha256=hashlib.sha256(xml).hexdigest(),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        retain_until=retain_until(document.issued_on),
    )


def _set_aside(session: Session, draft_id: int, problem: CannotBuild, *, now: datetime) -> None:
    """Drops a draft that has nothing to become, blocks one that a person has to look at."""
    if not isinstance(problem, NothingToIssue):
        _block(session, draft_id, problem, now=now)
        return
    with transaction(session):
        order_id = _order_of(session, draft_id)
        if order_id is not None:
            lock_order(session, order_id)
            draft = lock_draft(session, draft_id)
            if draft is not None and draft.state is not DraftState.ISSUED:
                drop_draft(session, draft)


def _ask_first(session: Session, draft_id: int, wanted: ProofWanted, *, now: datetime) -> None:
    """Has the VAT id asked about, and the draft looked at again when there may be an answer."""
    with transaction(session):
        asked = put_invoice_question(
            session,
            customer_id=wanted.customer_id,
            vat_id=wanted.vat_id,
            last_asked_at=wanted.proof.last_asked_at,
            now=now,
        )
        if asked:
            first_asked_at = wanted.proof.first_asked_at or now
            wait = LOOK_SOON if now - first_asked_at < LOOK_OFTEN_FOR else LOOK_LATER
            window = int((now + wait).timestamp()) // int(wait.total_seconds())
            key = f"issue_invoice_proof:{draft_id}:{wait.seconds}:{window}"
            put_job(session, "issue_invoice", key=key, now=now, run_at=now + wait, draft_id=draft_id)
            return
    problem = Refused(
        N_("No service can confirm the VAT id of this company: look at it before this invoice."),
        code=VAT_ID_IN_DOUBT,
    )
    _block(session, draft_id, problem, now=now)


def _look_again(session: Session, draft_id: int, *, now: datetime) -> None:
    """The draft waits for the sales to open, however long that takes: one job for each look."""
    again_at = now + LOOK_LATER
    with transaction(session):
        key = f"issue_invoice_frozen:{draft_id}:{again_at:%Y%m%d%H%M}"
        put_job(session, "issue_invoice", key=key, now=now, run_at=again_at, draft_id=draft_id)


def _block(session: Session, draft_id: int, problem: ShopError, *, now: datetime, detail: str = "") -> None:
    with transaction(session):
        order_id = _order_of(session, draft_id)
        if order_id is None:
            return
        lock_order(session, order_id)
        draft = lock_draft(session, draft_id)
        if draft is None or draft.state is DraftState.ISSUED:
            return
        draft.state, draft.changed_at = DraftState.BLOCKED, now
        draft.problem = {
            "code": problem.code,
            "message": problem.message,
            "findings": problem.values.get("findings", []),
            "detail": detail,
        }


def _refused(report: Report) -> Refused:
    refusal = Refused(N_("The official rules refuse this document."), code="invoice.not_valid")
    refusal.values["findings"] = report.as_json()["findings"]
    return refusal


def _order_of(session: Session, draft_id: int) -> int | None:
    draft = session.get(InvoiceDraft, draft_id)
    return draft.order_id if draft else None
