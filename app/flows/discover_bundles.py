"""Bundles are looked for in the C-customers' purchases at the main brand, and proposed with their evidence."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, SQLModel, col, delete, func, select

from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.insights.discovery import Discovery, Found, discover
from app.insights.models import DiscoveryRun, Proposal, ProposalState
from app.insights.purchase_lines import read_lines, read_low_accounts
from app.insights.rules.proposing import Aims, aims_of, set_key
from app.jobs.service import insert_into
from app.mainbrand.staging import allow_long_statements
from app.policy.queries import current_policy

NOTHING = Discovery((), basket_count=0, buyer_count=0, line_count=0)


@dataclass(frozen=True)
class Discovered:
    """What a run found, and how many open proposals it added, renewed, and took away for they are not found again.

    `run_id` and `until` are None where there are no purchases.
    """

    run_id: int | None
    until: date | None
    discovery: Discovery
    added_count: int = 0
    renewed_count: int = 0
    gone_count: int = 0


def discover_bundles(session: Session, *, actor: Actor, now: datetime) -> Discovered:
    """Mines the last twelve months of purchases and keeps what it finds as proposals.

    It reads and works without a lock and writes in one transaction. What a person has decided about stays as it
    was; a second run over the same purchases changes no proposal.
    """
    allow_long_statements(session)
    read, low, aims = (
        read_lines(session, now=now),
        read_low_accounts(session),
        aims_of(current_policy(session)),
    )
    # Mining takes seconds, and no transaction may stay open meanwhile.
    session.rollback()
    if read is None:
        return Discovered(None, None, NOTHING)
    lines, until = read
    found = discover(lines, low, until=until, aims=aims)
    with transaction(session):
        return _store(session, found, until=until, aims=aims, actor=actor, now=now)


def _store(
    session: Session, found: Discovery, *, until: date, aims: Aims, actor: Actor, now: datetime
) -> Discovered:
    run = DiscoveryRun(
        aims=asdict(aims),
        until_on=until,
        basket_count=found.basket_count,
        buyer_count=found.buyer_count,
        line_count=found.line_count,
        found_count=len(found.found),
        started_by=actor.name,
        created_at=now,
    )
    session.add(run)
    session.flush()
    before = _count_open(session)
    # In one order, so that two runs at once wait for each other and do not lock each other out.
    for row in sorted((_row(one, run, now=now) for one in found.found), key=lambda row: str(row["set_key"])):
        _put(session, row)
    gone = session.exec(
        delete(Proposal).where(col(Proposal.state) == ProposalState.OPEN, col(Proposal.run_id) != run.id)
    )
    open_ = _count_open(session)
    added = open_ - before + gone.rowcount
    discovered = Discovered(
        run.id, until, found, added_count=added, renewed_count=open_ - added, gone_count=gone.rowcount
    )
    record(
        session,
        actor,
        action="bundles.discovered",
        object_kind="discovery",
        object_id=run.id,
        now=now,
        new={"found": len(found.found), "added": added, "gone": gone.rowcount, "until": until.isoformat()},
    )
    return discovered


def _count_open(session: Session) -> int:
    is_open = col(Proposal.state) == ProposalState.OPEN
    return session.exec(select(func.count()).select_from(Proposal).where(is_open)).one()


def _row(one: Found, run: DiscoveryRun, *, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "set_key": set_key(one.skus),
        "rank": one.rank,
        "items": [asdict(item) for item in one.items],
        "evidence": {**asdict(one.evidence), "folded_count": one.folded_count},
        "state": ProposalState.OPEN,
        "reason": "",
        "decided_by": "",
        "created_at": now,
    }


def _put(session: Session, row: dict[str, Any]) -> None:
    """Writes a proposal, or renews it where the same set is still open."""
    table = SQLModel.metadata.tables[str(Proposal.__tablename__)]
    put = insert_into(session, Proposal).values(row)
    session.execute(
        put.on_conflict_do_update(
            index_elements=["set_key"],
            set_={name: put.excluded[name] for name in ("run_id", "rank", "items", "evidence")},
            where=table.c.state == ProposalState.OPEN,
        )
    )
