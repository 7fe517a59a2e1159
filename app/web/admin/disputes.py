"""Disputes: those that wait by their last day, and one with its evidence, its files and what comes of it."""

from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from sqlmodel import Session
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_evidence import propose_evidence
from app.core.errors import N_, Invalid, NotFound, Refused
from app.flows.answer_dispute import add_evidence_file, remove_evidence_file, save_evidence, send_evidence
from app.flows.pass_chargeback import call_off_lost
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import DisputeFile
from app.payments.queries_disputes import (
    dispute_by_id,
    files_of,
    list_disputes,
    list_undecided_warnings,
)
from app.payments.rules.disputes import is_open, may_answer
from app.payments.rules.evidence import FILE_KINDS, LARGEST_TOGETHER_BYTES, LONG_TEXTS, TEXTS
from app.web.admin import payment_words
from app.web.admin.lists import asked, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

MOST_WARNINGS = 50


@router.get("/admin/disputes")
def show_disputes(request: Request, session: ReadDep, now: Now) -> Response:
    is_closed = asked(request, "state") == "closed"
    found = list_disputes(session, is_closed=is_closed, page=asked_page(request))
    return desk(
        request,
        "payments/disputes.html",
        disputes=found.rows,
        pages=page_urls(request, found),
        states=chips(request, "state", [("closed", N_("Decided"))], all_=N_("Open")),
        warnings=list_undecided_warnings(session, limit=MOST_WARNINGS),
        now=now,
    )


@router.get("/admin/disputes/{dispute_id}")
def show_dispute(request: Request, dispute_id: RowId, session: ReadDep, now: Now) -> Response:
    return _page(request, session, dispute_id, now=now)


@router.post("/admin/disputes/{dispute_id}")
def submit_evidence(
    request: Request,
    dispute_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    is_sending = values.get("act") == "send"
    act = send_evidence if is_sending else save_evidence
    try:
        is_new = act(session, dispute_row_id=dispute_id, texts=values, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, dispute_id, now=now, values=values, errors=errors, status=422)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, dispute_id, now=now, values=values, errors=errors, status=409)
    done = ("evidence_sent" if is_sending else "evidence_saved") if is_new else "unchanged"
    return see_other(f"/admin/disputes/{dispute_id}?done={done}")


@router.post("/admin/disputes/{dispute_id}/files")
async def submit_file(
    request: Request,
    dispute_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    form = await request.form()
    upload = form.get("file")
    content = await upload.read() if isinstance(upload, UploadFile) else b""
    await form.close()

    def store() -> Response:
        about = {"dispute_row_id": dispute_id, "field": values.get("field", "")}
        done = "evidence_file"
        try:
            if values.get("act") == "remove":
                remove_evidence_file(session, **about, actor=staff.actor, now=now)  # type: ignore[arg-type]
                done = "evidence_file_removed"
            else:
                add_evidence_file(session, **about, content=content, actor=staff.actor, now=now)  # type: ignore[arg-type]
        except Invalid as error:
            errors = errors_of(error.fields, language=request.scope["lang"])
            return _page(request, reading, dispute_id, now=now, values=values, errors=errors, status=422)
        except Refused as error:
            errors = form_error(request, error)
            return _page(request, reading, dispute_id, now=now, errors=errors, status=409)
        return see_other(f"/admin/disputes/{dispute_id}?{urlencode({'done': done})}#files")

    return await run_in_threadpool(store)


@router.get("/admin/disputes/{dispute_id}/files/{field}")
def show_file(dispute_id: RowId, field: str, session: ReadDep) -> Response:
    file = next((one for one in files_of(session, dispute_id) if one.field == field), None)
    if file is None:
        raise NotFound(N_("There is no such file."), code="dispute.no_file")
    # Never shown inside our own origin: whatever it holds, it is only handed over.
    headers = {"content-disposition": f'attachment; filename="{file.name}"'}
    return Response(file.content, media_type=file.content_type, headers=headers)


@router.post("/admin/disputes/{dispute_id}/call-off")
def submit_call_off(
    request: Request,
    dispute_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    _: Values,
    now: Now,
) -> Response:
    try:
        is_new = call_off_lost(session, dispute_row_id=dispute_id, actor=staff.actor, now=now)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, dispute_id, now=now, errors=errors, status=409)
    return see_other(f"/admin/disputes/{dispute_id}?done={'called_off' if is_new else 'unchanged'}")


def _page(
    request: Request,
    session: Session,
    dispute_id: int,
    *,
    now: datetime,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    dispute, order = dispute_by_id(session, dispute_id)
    files: list[DisputeFile] = list(files_of(session, dispute_id))
    is_sent = dispute.submitting_at is not None or dispute.submitted_at is not None
    is_answerable = may_answer(dispute.status, due_at=dispute.due_at, is_submitted=is_sent, now=now)
    texts = propose_evidence(session, dispute) if is_answerable else dispute.evidence
    is_stopped = order.state is OrderState.ACCEPTED and order.kind is not OrderKind.SERVICE
    return desk(
        request,
        "payments/dispute.html",
        status=status,
        errors=errors or {},
        values=dict.fromkeys((*TEXTS, "field"), "") | texts | (values or {}),
        dispute=dispute,
        order=order,
        files=files,
        left_bytes=LARGEST_TOGETHER_BYTES - sum(one.byte_count for one in files),
        texts=[(name, payment_words.EVIDENCE[name], name in LONG_TEXTS) for name in TEXTS],
        file_kinds=[(name, payment_words.EVIDENCE[name]) for name in FILE_KINDS],
        evidence_words=payment_words.EVIDENCE,
        is_answerable=is_answerable,
        is_open=is_open(dispute.status),
        is_lost_and_here=dispute.status == "lost" and is_stopped,
        is_held=is_stopped and dispute.taken_at is not None and dispute.passed_at is None,
    )
