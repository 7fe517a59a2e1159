"""Ratings: the proposal with who would move, applying and undoing it, and the plot of the two axes."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Refused
from app.core.i18n import translate
from app.flows.decide_rating import apply_rating, request_rating, undo_rating
from app.jobs.queries import is_waiting
from app.mainbrand.queries_basis import basis_of, bounds_in_force
from app.mainbrand.queries_rating import (
    find_model,
    last_applied,
    list_movers,
    list_runs,
    open_proposal,
    read_dots,
    waiting_overrides,
)
from app.mainbrand.rules.segments import Segment
from app.policy.queries import current_policy, current_version_id
from app.web.admin import words
from app.web.admin.lists import asked_page, desk, form_error, page_urls
from app.web.admin.rating_plot import plot_of
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()

SHOWN_RUNS = 15
SEGMENTS = tuple(segment.value for segment in Segment)


@dataclass(frozen=True)
class MoveRow:
    """How many accounts go from one segment to each of them; `place` is where they stay."""

    segment: str
    counts: list[int]
    place: int


@router.get("/admin/ratings")
def show_ratings(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/ratings")
def submit_request(session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    request_rating(session, actor=staff.actor, now=now)
    return see_other("/admin/ratings?done=rating_asked")


@router.post("/admin/ratings/{run_id}/apply")
def submit_apply(
    request: Request,
    run_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        apply_rating(session, run_id, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, status=409, errors=form_error(request, error))
    return see_other("/admin/ratings?done=rating_applied")


@router.post("/admin/ratings/{run_id}/undo")
def submit_undo(
    request: Request,
    run_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        undo_rating(session, run_id, reason=values.get("reason", ""), actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, status=409, errors=form_error(request, error))
    return see_other("/admin/ratings?done=rating_undone")


def _page(
    request: Request, session: ReadDep, *, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    language: str = request.scope["lang"]
    policy = current_policy(session)
    proposal, applied = open_proposal(session), last_applied(session)
    shown = proposal or applied
    movers = list_movers(session, shown.id or 0, page=asked_page(request)) if shown else None
    bounds = bounds_in_force(session, policy)
    dots, step = read_dots(session)
    return desk(
        request,
        "ratings/show.html",
        status=status,
        errors=errors or {},
        proposal=proposal,
        applied=applied,
        shown=shown,
        is_outdated=proposal is not None and proposal.basis != basis_of(session, current_version_id(session)),
        is_working=is_waiting(session, ("propose_rating", "rate_accounts")),
        model=find_model(session, shown.prospect_model_id) if shown else None,
        movers=movers.rows if movers else [],
        pages=page_urls(request, movers) if movers else None,
        runs=list_runs(session, limit=SHOWN_RUNS),
        waiting=waiting_overrides(session),
        segments=SEGMENTS,
        moves=_moves(shown.summary) if shown else [],
        moves_heads=[(translate(language, words.SEGMENTS[one].label), "num") for one in Segment],
        step=step,
        plot=plot_of(
            dots,
            a_cents=bounds.a_cents,
            b_cents=bounds.b_cents,
            prospect_bound_bp=policy.prospect_bound_percent * 100,
        )
        if dots
        else None,
        bounds=bounds,
        prospect_bound_bp=policy.prospect_bound_percent * 100,
    )


def _moves(summary: dict[str, Any]) -> list[MoveRow]:
    counts = {(move["from"], move["to"]): int(move["accounts"]) for move in summary["moves"]}
    return [
        MoveRow(old, [counts.get((old, new), 0) for new in SEGMENTS], place)
        for place, old in enumerate(SEGMENTS)
    ]
