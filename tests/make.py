"""Builders of rows for tests: sensible defaults, keyword-only, saved at once."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

from app.audit.models import ActorKind
from app.catalogue.models import (
    Block,
    Bundle,
    BundleImage,
    BundleItem,
    BundleVersion,
    Category,
    StockMove,
    SynonymGroup,
)
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import StockCause
from app.catalogue.service import rebuild_listings, touch_catalogue
from app.core.clock import utc_now
from app.core.ids import hash_token, new_token
from app.core.security import hash_password
from app.core.transaction import is_in_transaction, transaction
from app.customers.models import Contact, ContactSession, Customer
from app.customers.rules.admission import ScreeningState
from app.fulfilment.models import ClosingDay
from app.imports.models import Import
from app.imports.rules.states import ImportKind, ImportState
from app.insights.models import DiscoveryRun, Proposal, ProposalState
from app.insights.rules.proposing import set_key
from app.mainbrand.models import MainAccount, OverrideState, RatingOverride, RatingResult, RatingRun, RunState
from app.mainbrand.queries_basis import basis_of
from app.mainbrand.rules.segments import Segment
from app.ordering.models import CartLine, Order, OrderLine, OrderTax, TermsVersion
from app.payments.models import BookDifference
from app.payments.rules.books import Difference, Mend
from app.policy.queries import current_version_id
from app.staff.models import ApiKey, StaffMember, StaffSession
from app.staff.rules.roles import Role

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
_PASSWORD_HASH = hash_password(PASSWORD)
_count = itertools.count(1)

Row = TypeVar("Row", bound=SQLModel)


def saved(session: Session, *rows: Row) -> Row:
    """Saves rows in the open transaction, or in one of its own; the first row comes back with its id."""
    if not is_in_transaction(session):
        with transaction(session):
            return saved(session, *rows)
    session.add_all(rows)
    session.flush()
    return rows[0]


def customer(session: Session, **values: Any) -> Customer:
    """An admitted C-customer, unless told otherwise."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "number": f"K-{n:06d}",
        "company_name": f"Probst Werkstatt {n} GmbH",
        "legal_form": "GmbH",
        "name_key": f"probst werkstatt {n}",
        "vat_id": None,
        "register_number": f"HRB {10_000 + n}",
        "street": "Gartenweg 3",
        "postal_code": "04109",
        "city": "Leipzig",
        "segment": Segment.C,
        "segment_reason": "unknown to the main brand",
        "screening": ScreeningState.CLEAR,
        "business_confirmed_at": NOW,
        "business_verified_at": NOW,
        "created_at": NOW,
    }
    return saved(session, Customer(**{**defaults, **values}))


def contact(session: Session, *, of: Customer, **values: Any) -> Contact:
    """A person of a customer with a confirmed e-mail address and the password PASSWORD."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "customer_id": of.id,
        "email": f"person{n}@firma{n}.example",
        "name": f"Kim Probst {n}",
        "language": "en",
        "password_hash": _PASSWORD_HASH,
        "email_verified_at": NOW,
        "created_at": NOW,
    }
    return saved(session, Contact(**{**defaults, **values}))


def signed_in(session: Session, *, as_: Contact, now: datetime = NOW, **values: Any) -> str:
    """The cookie value of a fresh session of a person."""
    token = new_token()
    defaults: dict[str, Any] = {
        "token_hash": hash_token(token),
        "contact_id": as_.id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + timedelta(days=30),
    }
    saved(session, ContactSession(**{**defaults, **values}))
    return token


def staff_member(session: Session, *, role: Role = Role.ADMIN, **values: Any) -> StaffMember:
    """A staff member with the password PASSWORD."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "email": f"staff{n}@schlicht.example",
        "name": f"Staff {n}",
        "role": role,
        "password_hash": _PASSWORD_HASH,
        "is_totp_confirmed": True,
        "created_at": NOW,
    }
    return saved(session, StaffMember(**{**defaults, **values}))


def checked_import(session: Session, **values: Any) -> Import:
    """A list of companies whose dry run is done; its file is nowhere."""
    defaults: dict[str, Any] = {
        "kind": ImportKind.ACCOUNTS,
        "state": ImportState.CHECKED,
        "file_name": "liste.csv",
        "token": new_token(),
        "titles": ["Nr", "Firma"],
        "sample": [["1", "Ahrenborn"]],
        "mapping": {"account_number": "Nr", "company_name": "Firma"},
        "new_count": 1,
        "read_count": 1,
        "actor_kind": ActorKind.STAFF,
        "actor_name": "Kim Büro",
        "created_at": NOW,
    }
    return saved(session, Import(**{**defaults, **values}))


def api_key(
    session: Session, *, key: str = "", scopes: Sequence[str] = ("imports:read",), **values: Any
) -> ApiKey:
    """A key of the API that lives for ten years."""
    key = key or new_token()
    defaults: dict[str, Any] = {
        "name": "ERP",
        "key_hash": hash_token(key),
        "hint": key[:8],
        "scopes": list(scopes),
        "created_by": "Robin",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=3650),
    }
    return saved(session, ApiKey(**{**defaults, **values}))


def staff_signed_in(session: Session, *, as_: StaffMember, now: datetime = NOW, **values: Any) -> str:
    """The cookie value of a staff session after the second factor."""
    token = new_token()
    defaults: dict[str, Any] = {
        "token_hash": hash_token(token),
        "staff_member_id": as_.id,
        "has_second_factor": True,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + timedelta(hours=12),
    }
    saved(session, StaffSession(**{**defaults, **values}))
    return token


def main_account(session: Session, **values: Any) -> MainAccount:
    """An A-customer of the main brand, unless told otherwise."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "account_number": f"M{n:06d}",
        "company_name": f"Grosse Anlagenbau {n} AG",
        "name_key": f"anlagenbau grosse {n}",
        "postal_code": "04177",
        "city": "Leipzig",
        "segment": Segment.A,
        "imported_at": NOW,
    }
    return saved(session, MainAccount(**{**defaults, **values}))


def block(session: Session, **values: Any) -> Block:
    """A block at 19 % VAT, made to order; with `stock_milli` it is counted, and its count is a move."""
    n = next(_count)
    if "stock_milli" in values and not is_in_transaction(session):
        with transaction(session):
            return block(session, **values)
    defaults: dict[str, Any] = {
        "sku": f"B-{n:05d}",
        "name_de": f"Dichtung {n}",
        "name_en": f"Seal {n}",
        "kind": Kind.SPARE_PART,
        "unit_code": "C62",
        "unit_cost_cents": 200,
        "main_brand_price_cents": 500,
        "main_brand_lead_time_days": 2,
        "vat_rate_bp": 1900,
        "created_at": NOW,
        "is_made_to_order": "stock_milli" not in values,
    }
    made = saved(session, Block(**{**defaults, **values}))
    if made.stock_milli:
        saved(session, counted(made))
    return made


def counted(block: Block) -> StockMove:
    """The move by which a block's count came about, not saved yet."""
    return StockMove(
        block_id=block.id,
        cause=StockCause.COUNTED,
        delta_milli=block.stock_milli,
        stock_after_milli=block.stock_milli,
        changed_by="Kim Lager",
        at=NOW,
    )


def category(session: Session, **values: Any) -> Category:
    """A shelf of the catalogue."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "slug": f"shelf-{n}",
        "name_de": f"Regal {n}",
        "name_en": f"Shelf {n}",
        "position": n,
    }
    return saved(session, Category(**{**defaults, **values}))


def bundle(
    session: Session,
    *,
    items: Sequence[tuple[Block, int]] | None = None,
    state: BundleState = BundleState.PUBLISHED,
    image: bytes | None = None,
    slug: str | None = None,
    **values: Any,
) -> Bundle:
    """A bundle with one version (fields as of BundleVersion), published and listed unless told otherwise."""
    if not is_in_transaction(session):
        with transaction(session):
            return bundle(session, items=items, state=state, image=image, slug=slug, **values)
    n = next(_count)
    made = saved(session, Bundle(slug=slug or f"bundle-{n}", state=BundleState.DRAFT, created_at=NOW))
    if image is not None:
        picture = BundleImage(content_type="image/png", content=image, sha256=f"{n:064x}", created_at=NOW)
        made.image_id = saved(session, picture).id
    defaults: dict[str, Any] = {
        "bundle_id": made.id,
        "version_number": 1,
        "name_de": f"Dichtungspaket {n}",
        "name_en": f"Seal pack {n}",
        "text_de": "Alles für einen Wechsel.",
        "text_en": "All you need for one change.",
        "kind": Kind.SPARE_PART,
        "price_cents": 2_500,
        "minimum_quantity": 1,
        "order_step": 1,
        "created_at": NOW,
    }
    own = {f"own_{name}": values[name] for name in ("minimum_quantity", "order_step") if name in values}
    version = saved(session, BundleVersion(**{**defaults, **own, **values}))
    for part, quantity in items if items is not None else [(block(session), 3)]:
        saved(session, _item(version, part, quantity))
    made.current_version_id = version.id
    if state is not BundleState.DRAFT:
        version.published_at = NOW
        version.stage = VersionStage.PUBLISHED
        made.state = state
    session.add_all([made, version])
    session.flush()
    rebuild_listings(session)
    touch_catalogue(session)
    return made


def _item(version: BundleVersion, part: Block, quantity: int) -> BundleItem:
    return BundleItem(
        bundle_version_id=version.id,
        block_id=part.id,
        quantity_milli=quantity * 1000,
        sku=part.sku,
        name_de=part.name_de,
        name_en=part.name_en,
        unit_code=part.unit_code,
        vat_rate_bp=part.vat_rate_bp,
        reference_price_cents=part.main_brand_price_cents,
        unit_cost_cents=part.unit_cost_cents,
        main_brand_lead_time_days=part.main_brand_lead_time_days,
    )


def synonyms(session: Session, *words: str, is_one_way: bool = False) -> SynonymGroup:
    """A group of words that the search takes for the same."""
    group = SynonymGroup(
        words="\n".join(words), is_one_way=is_one_way, changed_by="Olga Opera", changed_at=NOW
    )
    return saved(session, group)


def book_difference(session: Session, *, mend: Mend = Mend.SETTLE, **values: Any) -> BookDifference:
    """A difference between our books and Stripe's that is open."""
    row = BookDifference(
        kind=Difference.LEFT_OPEN,
        object_id=f"pi_{next(_count)}",
        order_number="S-2026-1",
        ours_cents=0,
        theirs_cents=11_900,
        mend=mend,
        made_at=NOW,
        found_at=NOW,
        seen_at=NOW,
    )
    return saved(session, BookDifference(**{**row.model_dump(exclude={"id"}), **values}))


def cart_line(session: Session, *, of: Customer, bundle: Bundle, quantity: int = 1) -> CartLine:
    """A line in a company's cart, seen in the bundle's present version."""
    line = CartLine(
        customer_id=of.id,
        bundle_id=bundle.id,
        seen_version_id=bundle.current_version_id,
        quantity=quantity,
        updated_at=NOW,
    )
    return saved(session, line)


def terms(session: Session) -> TermsVersion:
    """The terms in force; made at the first call."""
    known = session.exec(select(TermsVersion)).first()
    if known is not None:
        return known
    return saved(
        session, TermsVersion(name="2026-01", text_de="Es gilt.", text_en="It holds.", created_at=NOW)
    )


def order(session: Session, *, of: Customer, by: Contact, bundle: Bundle | None, **values: Any) -> Order:
    """A received order for one unit of a bundle at 25.00 net, 19 % VAT; without a bundle the bare order."""
    n = next(_count)
    defaults: dict[str, Any] = {
        "number": f"S-{n:08d}",
        "customer_id": of.id,
        "contact_id": by.id,
        "checkout_key": f"key-{n}",
        "language": "en",
        "goods_net_cents": 2_500,
        "charges_net_cents": 0,
        "vat_cents": 475,
        "gross_cents": 2_975,
        "company_name": of.company_name,
        "contact_name": by.name,
        "street": of.street,
        "postal_code": of.postal_code,
        "city": of.city,
        "country": of.country,
        "terms_version_id": terms(session).id,
        "terms_accepted_at": NOW,
        "business_confirmed_at": NOW,
        "dispatch_on": date(2026, 3, 10),
        "promised_on": date(2026, 3, 12),
        "placed_at": NOW,
    }
    made = saved(session, Order(**{**defaults, **values}))
    if bundle is None:
        return made
    line = OrderLine(
        order_id=made.id,
        bundle_version_id=bundle.current_version_id,
        name=f"Line of {made.number}",
        quantity=1,
        unit_price_cents=made.goods_net_cents,
        net_cents=made.goods_net_cents,
    )
    saved(session, line)
    saved(session, OrderTax(order_id=made.id, vat_rate_bp=1900, net_cents=2_500, vat_cents=475))
    return made


def closing_day(session: Session, day: date, **values: Any) -> ClosingDay:
    """A day on which the warehouse does not work."""
    defaults: dict[str, Any] = {"name": "Inventory", "added_by": "Robin", "created_at": NOW}
    return saved(session, ClosingDay(day=day, **{**defaults, **values}))


def waiting_override(session: Session) -> RatingOverride:
    """An override that waits for a second person."""
    other = main_account(session, company_name="Kolkbruch Pumpentechnik KG", segment=Segment.B)
    return saved(
        session,
        RatingOverride(
            main_account_id=other.id,
            segment=Segment.C,
            reason="closes down next year",
            last_on=utc_now().date() + timedelta(days=30),
            state=OverrideState.PROPOSED,
            proposed_by="Robin lead",
            proposed_by_id=900,
            proposed_at=NOW,
        ),
    )


def proposed_rating(session: Session, account: MainAccount) -> RatingRun:
    """A rating that would move an account from A to B, not applied yet."""
    sums = {segment.value: {"accounts": 1, "revenue_cents": 5} for segment in Segment}
    run = saved(
        session,
        RatingRun(
            state=RunState.PROPOSED,
            summary={
                "before": sums, "after": sums, "changed": 1, "moved": 1, "added": 0, "foreign_lines": 0, "gained": 0,
                "lost": 1, "moves": [{"from": "A", "to": "B", "accounts": 1}], "a_cents": 9, "b_cents": 5,
                "method": "rule",
            },
            basis=basis_of(session, current_version_id(session)),
            policy_version_id=0,
            started_by="schlicht",
            created_at=NOW,
        ),
    )  # fmt: skip
    values = {
        "segment": "A", "segment_reason": "", "rated_segment": None, "revenue_12m_cents": None, "prospect_bp": None,
        "prospect_low_bp": None, "prospect_high_bp": None, "evidence": None, "rated_at": None,
    }  # fmt: skip
    saved(
        session,
        RatingResult(
            run_id=run.id, main_account_id=account.id, has_moved=True, old_segment=Segment.A, new_segment=Segment.B,
            old=values, new={**values, "segment": "B", "rated_segment": "B"},
        ),
    )  # fmt: skip
    return run


def proposal(session: Session, *skus: str, bundle: Bundle | None = None, **evidence: Any) -> Proposal:
    """An open proposal of six of each article, bought for 6.00; with a bundle, one that was made of it."""
    run = saved(
        session,
        DiscoveryRun(
            aims={},
            until_on=NOW.date(),
            basket_count=400,
            buyer_count=90,
            line_count=2_000,
            found_count=1,
            started_by="Robin",
            created_at=NOW,
        ),
    )
    figures = {
        "support": 0.1, "recent_support": 0.12, "sure_support": 0.08, "confidence": 0.5, "lift": 3.4,
        "order_count": 40, "buyer_count": 20, "expected_orders": 48, "expected_buyers": 24, "recency_days": 9,
        "value_cents": 123_400, "folded_count": 0,
    }  # fmt: skip
    price = {
        "price_cents": 1_990, "reason": "floor", "c_cents": 1_200, "ab_cents": None, "lowest_cents": 1_990,
        "margin_cents": 400, "margin_bp": 2_010, "loss_cents": 0, "switch_count": 0, "needs_approval": False,
    }  # fmt: skip
    items = [
        {"sku": sku, "name": f"main brand's {sku}", "quantity_milli": 6_000, "pack_milli": 6_000, "c_price_cents": 600,
         "ab_price_cents": None}
        for sku in sorted(skus)
    ]  # fmt: skip
    decided = {"decided_by": "Robin", "decided_at": NOW, "bundle_id": bundle.id} if bundle else {}
    return saved(
        session,
        Proposal(
            run_id=run.id,
            created_at=NOW,
            set_key=set_key(skus),
            rank=None,
            items=items,
            evidence={**figures, **evidence, **({"price": price} if bundle else {})},
            state=ProposalState.DRAFTED if bundle else ProposalState.OPEN,
            **decided,
        ),
    )
