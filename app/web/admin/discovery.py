"""Discovery: the proposals with their evidence, a draft by one click, dismissing, and what became of the drafts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import Block, BlockNote
from app.catalogue.queries_desk import read_sheet
from app.core.errors import N_, Invalid, Refused
from app.core.money import BP
from app.core.paging import Slice
from app.flows.decide_proposal import dismiss_proposal, reopen_proposal, request_discovery
from app.flows.draft_proposal import draft_proposal
from app.insights.models import Proposal, ProposalState
from app.insights.proposals import (
    Advice,
    Twin,
    advise,
    find_run,
    find_twins,
    proposal_of,
    read_blocks,
    read_notes,
    read_proposals,
)
from app.insights.sold import Sold, read_sold
from app.jobs.queries import is_waiting
from app.web.admin.lists import asked, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.rendering import is_htmx, see_other

router = APIRouter()

PAGE_SIZE = 20
LISTS = (
    ("sold_already", N_("sold already")),
    ("drafted", N_("made a draft")),
    ("dismissed", N_("dismissed")),
)
SHAPES = (
    ("sets", N_("two blocks and more")),
    ("packs", N_("one block")),
    ("known", N_("all blocks in the catalogue")),
)
ORDERS = (
    ("orders", N_("expected orders")),
    ("buyers", N_("expected buyers")),
    ("confidence", N_("confidence")),
    ("lift", N_("lift")),
    ("recency", N_("last bought")),
)
SORTING: dict[str, Callable[[Proposal], Any]] = {
    "orders": lambda one: -one.evidence["expected_orders"],
    "buyers": lambda one: -one.evidence["expected_buyers"],
    "confidence": lambda one: -one.evidence["confidence"],
    "lift": lambda one: -one.evidence["lift"],
    "recency": lambda one: one.evidence["recency_days"],
}


@dataclass(frozen=True)
class ItemRow:
    """One article of a proposal: its block, or where one is made of it, and the notes on the block."""

    sku: str
    name: str
    quantity_milli: int
    pack_milli: int
    block: Block | None
    new_url: str
    notes: list[BlockNote]


@dataclass(frozen=True)
class Card:
    """A proposal as it is shown."""

    proposal: Proposal
    figures: dict[str, Any]
    items: list[ItemRow]
    advice: Advice | None
    twin: Twin | None
    sold: Sold | None
    can_draft: bool


@router.get("/admin/discovery")
def show_discovery(request: Request, session: ReadDep, now: Now) -> Response:
    return _page(request, session, now)


@router.post("/admin/discovery")
def submit_discovery(session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    request_discovery(session, actor=staff.actor, now=now)
    return see_other("/admin/discovery?done=discovery_asked")


@router.post("/admin/discovery/{proposal_id}/draft")
def submit_draft(
    request: Request,
    proposal_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        bundle_id = draft_proposal(session, proposal_id, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, now, status=409, errors=form_error(request, error))
    return see_other(f"/admin/bundles/{bundle_id}?done=proposal_drafted")


@router.post("/admin/discovery/{proposal_id}/dismiss")
def submit_dismissal(
    request: Request,
    proposal_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        dismiss_proposal(session, proposal_id, reason=values.get("reason", ""), actor=staff.actor, now=now)
    except (Refused, Invalid) as error:
        status = 409 if isinstance(error, Refused) else 422
        return _page(request, reading, now, status=status, errors=form_error(request, error))
    return see_other("/admin/discovery?done=proposal_dismissed")


@router.post("/admin/discovery/{proposal_id}/reopen")
def submit_reopening(
    request: Request,
    proposal_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        reopen_proposal(session, proposal_id, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, now, status=409, errors=form_error(request, error))
    return see_other("/admin/discovery?list=dismissed&done=proposal_reopened")


@router.get("/admin/bundles/{bundle_id}/evidence")
def show_evidence(request: Request, bundle_id: RowId, session: ReadDep, now: Now) -> Response:
    sheet = read_sheet(session, bundle_id)
    proposal = proposal_of(session, bundle_id)
    sold = read_sold(session, [proposal], now=now)[bundle_id] if proposal else None
    return desk(
        request,
        "discovery/_evidence.html" if is_htmx(request) else "discovery/evidence.html",
        sheet=sheet,
        proposal=proposal,
        bars=_bars(sold) if sold else [],
        sold=sold,
        figures=_figures(proposal) if proposal else None,
    )


def _page(
    request: Request,
    session: ReadDep,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    shown, shape, order = asked(request, "list"), asked(request, "show"), asked(request, "sort")
    state = {"drafted": ProposalState.DRAFTED, "dismissed": ProposalState.DISMISSED}.get(
        shown, ProposalState.OPEN
    )
    proposals = read_proposals(session, state)
    twins = find_twins(session, proposals) if state is ProposalState.OPEN else {}
    if state is ProposalState.OPEN:
        is_twin = shown == "sold_already"
        proposals = [one for one in proposals if (one.id in twins) is is_twin]
    blocks = read_blocks(session, {sku for one in proposals for sku in one.skus})
    proposals = [one for one in proposals if _is_shown(one, shape, blocks)]
    if order in SORTING:
        proposals.sort(key=SORTING[order])
    number = asked_page(request)
    first = (number - 1) * PAGE_SIZE
    part = Slice(proposals[first : first + PAGE_SIZE], number, len(proposals) > first + PAGE_SIZE)
    return desk(
        request,
        "discovery/list.html",
        status=status,
        errors=errors or {},
        run=find_run(session),
        is_working=is_waiting(session, ("discover_bundles",)),
        count=len(proposals),
        cards=_cards(session, part.rows, blocks, twins, now=now),
        pages=page_urls(request, part),
        list=shown,
        lists=chips(request, "list", LISTS, all_=N_("open")),
        shapes=chips(request, "show", SHAPES),
        orders=chips(request, "sort", ORDERS, all_=N_("value")),
    )


def _is_shown(one: Proposal, shape: str, blocks: Mapping[str, Block]) -> bool:
    if shape == "known":
        return one.skus <= blocks.keys()
    if shape in ("sets", "packs"):
        return (len(one.items) > 1) is (shape == "sets")
    return True


def _cards(
    session: ReadDep,
    proposals: list[Proposal],
    blocks: Mapping[str, Block],
    twins: Mapping[int, Twin],
    *,
    now: Now,
) -> list[Card]:
    advice = advise(session, proposals, blocks, now=now)
    notes = read_notes(session, {sku for one in proposals for sku in one.skus})
    sold = read_sold(session, proposals, now=now)
    return [
        Card(
            one,
            _figures(one),
            [_item(item, blocks, notes) for item in one.items],
            advice.get(one.id or 0),
            twins.get(one.id or 0),
            sold.get(one.bundle_id or 0),
            can_draft=one.skus <= blocks.keys()
            and not any(blocks[sku].is_hazardous or blocks[sku].is_restricted for sku in one.skus),
        )
        for one in proposals
    ]


def _figures(one: Proposal) -> dict[str, Any]:
    """The evidence with shares as basis points, and times by chance to one decimal."""
    shares = ("support", "recent_support", "sure_support", "confidence")
    return {
        **one.evidence,
        **{name: round(one.evidence[name] * BP) for name in shares},
        "lift": round(one.evidence["lift"], 1),
    }


def _item(item: dict[str, Any], blocks: Mapping[str, Block], notes: Mapping[str, list[BlockNote]]) -> ItemRow:
    sku = item["sku"]
    return ItemRow(
        sku,
        item["name"],
        item["quantity_milli"],
        item["pack_milli"],
        blocks.get(sku),
        "/admin/blocks?" + urlencode({"new": 1, "sku": sku, "name": item["name"]}),
        notes.get(sku, []),
    )


@dataclass(frozen=True)
class Pair:
    """Two bars of one measure: what was expected and what came, with their lengths in percent of the longer."""

    label: str
    expected: int
    came: int
    expected_width: int
    came_width: int


def _bars(sold: Sold) -> list[Pair]:
    pairs = []
    for label, expected, came in (
        (N_("Orders"), sold.expected_orders, sold.order_count),
        (N_("Buyers"), sold.expected_buyers, sold.buyer_count),
    ):
        longest = max(expected, came, 1)
        pairs.append(Pair(label, expected, came, 100 * expected // longest, 100 * came // longest))
    return pairs
