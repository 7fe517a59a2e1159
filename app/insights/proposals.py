"""What the desk sees of a proposal: blocks, a price with its figures, notes, and a bundle that is it already."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from app.catalogue.models import Block, BlockNote, Bundle, BundleItem, BundleVersion
from app.catalogue.queries_margins import part_of
from app.catalogue.rules.cannibalisation import Offer, cannibalise
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.margin import Margin, lowest_price, margin_of
from app.insights.cannibalisation import Purchases, ingredient, read_purchases
from app.insights.models import DiscoveryRun, Proposal, ProposalState
from app.insights.rules.proposing import Aims, PriceReason, likeness, suggest_price
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Advice:
    """A suggested net price, what it goes by, and what it means by the two guards.

    `c_cents` is what C-customers paid for as much, `ab_cents` what A- and B-customers pay (None where they buy
    none of it). `loss_cents` is what switches of theirs would cost the main brand in a year.
    """

    price_cents: int
    reason: PriceReason
    c_cents: int
    ab_cents: int | None
    margin: Margin
    loss_cents: int
    switch_count: int
    needs_approval: bool

    def to_values(self) -> dict[str, Any]:
        """The figures as plain JSON values, for keeping beside the evidence."""
        return {
            "price_cents": self.price_cents,
            "reason": self.reason.value,
            "c_cents": self.c_cents,
            "ab_cents": self.ab_cents,
            "lowest_cents": self.margin.lowest_price_cents,
            "margin_cents": self.margin.margin_cents,
            "margin_bp": self.margin.margin_bp,
            "loss_cents": self.loss_cents,
            "switch_count": self.switch_count,
            "needs_approval": self.needs_approval,
        }


@dataclass(frozen=True, slots=True)
class Twin:
    """A bundle of ours with the same or nearly the same blocks; `share` of them (0 to 1) both hold."""

    bundle_id: int
    name_de: str
    name_en: str
    state: BundleState
    share: float


def find_run(session: Session) -> DiscoveryRun | None:
    """The newest run."""
    return session.exec(select(DiscoveryRun).order_by(col(DiscoveryRun.id).desc()).limit(1)).first()


def read_proposals(session: Session, state: ProposalState) -> list[Proposal]:
    """The proposals in a state, the catalogue of the best first, then by their value in a year."""
    rows = session.exec(select(Proposal).where(col(Proposal.state) == state)).all()
    return sorted(
        rows, key=lambda one: (one.rank is None, one.rank, -one.evidence["value_cents"], one.set_key)
    )


def proposal_of(session: Session, bundle_id: int) -> Proposal | None:
    """The proposal that a bundle was made of."""
    return session.exec(select(Proposal).where(col(Proposal.bundle_id) == bundle_id)).first()


def read_blocks(session: Session, skus: Collection[str]) -> dict[str, Block]:
    """The blocks of some SKUs; what is not in the catalogue is missing."""
    return {block.sku: block for block in session.exec(select(Block).where(col(Block.sku).in_(sorted(skus))))}


def read_notes(session: Session, skus: Collection[str]) -> dict[str, list[BlockNote]]:
    """The notes from visits on the blocks of some SKUs, the newest first."""
    notes: dict[str, list[BlockNote]] = {}
    rows = session.exec(
        select(Block.sku, BlockNote)
        .join(Block, col(Block.id) == col(BlockNote.block_id))
        .where(col(Block.sku).in_(sorted(skus)))
        .order_by(col(BlockNote.id).desc())
    )
    for sku, note in rows:
        notes.setdefault(sku, []).append(note)
    return notes


def notes_on(
    session: Session, *, block_id: int | None = None, bundle_id: int | None = None
) -> Sequence[BlockNote]:
    """The notes on a block or a bundle, the newest first."""
    is_subject = (
        col(BlockNote.block_id) == block_id if block_id is not None else col(BlockNote.bundle_id) == bundle_id
    )
    return session.exec(select(BlockNote).where(is_subject).order_by(col(BlockNote.id).desc())).all()


def find_twins(session: Session, proposals: Sequence[Proposal]) -> dict[int, Twin]:
    """By proposal the bundle, not retired, that is most like it, where it is like enough to be the same offer."""
    shelf = _read_shelf(session, {sku for one in proposals for sku in one.skus})
    twins: dict[int, Twin] = {}
    by_sku: dict[str, list[int]] = {}
    for bundle_id, (_, skus) in shelf.items():
        for sku in skus:
            by_sku.setdefault(sku, []).append(bundle_id)
    for one in proposals:
        near = sorted({bundle_id for sku in one.skus for bundle_id in by_sku.get(sku, ())})
        near = [bundle_id for bundle_id in near if bundle_id != one.bundle_id]
        if not near:
            continue
        share, at = max((likeness(one.skus, shelf[bundle_id][1]), -bundle_id) for bundle_id in near)
        if share >= Aims().likeness:
            bundle, version = shelf[-at][0]
            twins[one.id or 0] = Twin(-at, version.name_de, version.name_en, bundle.state, share)
    return twins


def _read_shelf(
    session: Session, skus: Collection[str]
) -> dict[int, tuple[tuple[Bundle, BundleVersion], frozenset[str]]]:
    """Every bundle, not retired, whose newest version has one of the articles, with all SKUs of that version."""
    newest = select(func.max(BundleVersion.id)).group_by(col(BundleVersion.bundle_id))
    concerned = select(BundleItem.bundle_version_id).where(col(BundleItem.sku).in_(sorted(skus)))
    rows = session.exec(
        select(Bundle, BundleVersion, BundleItem.sku)
        .join(BundleVersion, col(BundleVersion.bundle_id) == col(Bundle.id))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id))
        .where(
            col(Bundle.state) != BundleState.RETIRED,
            col(BundleVersion.id).in_(concerned),
            col(BundleVersion.id).in_(newest),
        )
    )
    shelf: dict[int, tuple[tuple[Bundle, BundleVersion], set[str]]] = {}
    for bundle, version, sku in rows:
        shelf.setdefault(bundle.id or 0, ((bundle, version), set()))[1].add(sku)
    return {bundle_id: (parts, frozenset(found)) for bundle_id, (parts, found) in shelf.items()}


def advise(
    session: Session, proposals: Sequence[Proposal], blocks: Mapping[str, Block], *, now: datetime
) -> dict[int, Advice]:
    """A price for each proposal whose blocks are all in the catalogue, by its id."""
    known = [one for one in proposals if one.skus <= blocks.keys()]
    policy = current_policy(session)
    purchases = read_purchases(session, sorted({sku for one in known for sku in one.skus}), now=now)
    return {one.id or 0: _advice(one, blocks, purchases, policy) for one in known}


def _advice(proposal: Proposal, blocks: Mapping[str, Block], purchases: Purchases, policy: Policy) -> Advice:
    items = proposal.items
    parts = [part_of(item["quantity_milli"], blocks[item["sku"]]) for item in items]
    c_cents = sum(item["c_price_cents"] for item in items)
    bought = [item for item in items if item["ab_price_cents"] is not None]
    # What they do not buy at all counts as for C: the sum is for the whole bundle.
    ab_cents = (
        sum(
            item["c_price_cents"] if item["ab_price_cents"] is None else item["ab_price_cents"]
            for item in items
        )
        if bought
        else None
    )
    price, reason = suggest_price(
        c_cents=c_cents, ab_cents=ab_cents, lowest_cents=lowest_price(parts, policy)
    )
    ingredients = tuple(ingredient(blocks[item["sku"]], item["quantity_milli"]) for item in items)
    taken = cannibalise(Offer(price, ingredients), purchases.bought, purchases.segments)
    return Advice(
        price_cents=price,
        reason=reason,
        c_cents=c_cents,
        ab_cents=ab_cents,
        margin=margin_of(price, parts, policy),
        loss_cents=taken.loss_cents,
        switch_count=len(taken.switches),
        needs_approval=taken.loss_cents > policy.cannibalisation_limit_cents,
    )
