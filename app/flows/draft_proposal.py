"""A proposal becomes the draft of a bundle, with the evidence that speaks for it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.service import block_facts
from app.catalogue.service_blocks import keep_blocks
from app.catalogue.service_drafts import write_sizes
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.insights.models import Proposal, ProposalState
from app.insights.proposals import advise, read_blocks
from app.mainbrand.rules.keys import fold

LONGEST_NAME = 200
LONGEST_SLUG = 100
GREATEST_QUANTITY_MILLI = 9_999_000


def draft_proposal(session: Session, proposal_id: int, *, actor: Actor, now: datetime) -> int:
    """Makes a draft bundle of an open proposal at the suggested price; returns the bundle's id.

    The evidence with price, margin and cannibalisation figures of this moment stays with the proposal, by which
    the bundle is judged later. Raises NotFound, Refused `proposal.not_open`, `proposal.unknown_blocks` and
    `proposal.kept_out` (hazardous or restricted blocks), `proposal.too_much` for quantities that no bundle has.
    """
    with transaction(session):
        proposal = session.exec(
            select(Proposal).where(col(Proposal.id) == proposal_id).with_for_update()
        ).first()
        if proposal is None:
            raise NotFound(N_("There is no such proposal."), code="proposal.not_found")
        blocks = read_blocks(session, proposal.skus)
        keep_blocks(session, [block.id or 0 for block in blocks.values()])
        _check(proposal, blocks)
        advice = advise(session, [proposal], blocks, now=now)[proposal.id or 0]
        bundle = Bundle(slug=_slug(proposal, blocks), created_at=now)
        session.add(bundle)
        session.flush()
        dearest = max(
            proposal.items,
            key=lambda item: (
                item["quantity_milli"] * blocks[item["sku"]].main_brand_price_cents,
                item["sku"],
            ),
        )
        version = BundleVersion(
            bundle_id=bundle.id or 0,
            version_number=1,
            name_de=_name([(item["quantity_milli"], blocks[item["sku"]].name_de) for item in proposal.items]),
            name_en=_name([(item["quantity_milli"], blocks[item["sku"]].name_en) for item in proposal.items]),
            kind=blocks[dearest["sku"]].kind,
            price_cents=advice.price_cents,
            created_at=now,
        )
        items = [(blocks[item["sku"]], item["quantity_milli"]) for item in proposal.items]
        write_sizes(version, items)
        session.add(version)
        session.flush()
        session.add_all(
            BundleItem(
                bundle_version_id=version.id or 0,
                block_id=block.id or 0,
                quantity_milli=quantity_milli,
                **block_facts(block),
            )
            for block, quantity_milli in items
        )
        proposal.state, proposal.bundle_id = ProposalState.DRAFTED, bundle.id
        proposal.decided_by, proposal.decided_at = actor.name, now
        proposal.evidence = {**proposal.evidence, "price": advice.to_values()}
        record(
            session,
            actor,
            action="proposal.drafted",
            object_kind="proposal",
            object_id=proposal.id,
            object_name=" + ".join(sorted(proposal.skus)),
            now=now,
            old={"state": ProposalState.OPEN},
            new={"state": ProposalState.DRAFTED, "bundle": bundle.id, "price_cents": advice.price_cents},
        )
        return bundle.id or 0


def _check(proposal: Proposal, blocks: Mapping[str, Block]) -> None:
    if proposal.state is not ProposalState.OPEN:
        raise Refused(
            N_("This proposal is not open any more: somebody has decided about it."),
            code="proposal.not_open",
        )
    unknown = sorted(proposal.skus - blocks.keys())
    if unknown:
        raise Refused(
            N_("There is no block for %(skus)s yet: make it first, then the bundle."),
            code="proposal.unknown_blocks",
            skus=", ".join(unknown),
        )
    kept_out = sorted(sku for sku, block in blocks.items() if block.is_hazardous or block.is_restricted)
    if kept_out:
        raise Refused(
            N_("%(skus)s stays out of the shop (hazardous or restricted): no bundle can hold it."),
            code="proposal.kept_out",
            skus=", ".join(kept_out),
        )
    if any(item["quantity_milli"] > GREATEST_QUANTITY_MILLI for item in proposal.items):
        raise Refused(
            N_("These quantities are too great for a bundle: it holds at most 9,999 of a block."),
            code="proposal.too_much",
        )


def _name(parts: Sequence[tuple[int, str]]) -> str:
    """The blocks' names, with their count before where it is not one: `4 × Seal + Grease`."""
    named = [
        name if quantity == 1000 or quantity % 1000 else f"{quantity // 1000} × {name}"
        for quantity, name in parts
    ]
    text = " + ".join(named)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…"


def _slug(proposal: Proposal, blocks: Mapping[str, Block]) -> str:
    """Words of the blocks' names and the proposal's number, which no other bundle has."""
    names = " ".join(blocks[item["sku"]].name_de for item in proposal.items)
    words = re.sub(r"[^a-z0-9]+", "-", fold(names).lower()).strip("-")[:LONGEST_SLUG].strip("-")
    return f"{words or 'bundle'}-p{proposal.id}"
