"""Filling a database with the demo company: one transaction, and a second run adds only what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, text, update
from sqlmodel import Session, SQLModel, col, func, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.care.models import SpecialService
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion, Category, Partner, StockMove
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import StockCause
from app.catalogue.service import lock_all_blocks, rebuild_listings, touch_catalogue
from app.catalogue.service_margins import refresh_margins
from app.core.errors import N_, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.rules.admission import ScreeningState
from app.invoices.queries_drafts import supplied_orders
from app.invoices.service_drafts import put_drafts
from app.jobs.models import Job, JobState
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order, TermsVersion
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy
from app.staff.models import StaffMember
from app.staff.service import keep_totp_secret, read_totp_secret
from app.tables import metadata

COMMAND = Actor(ActorKind.COMMAND, "shop demo")
COUNTED: tuple[type[SQLModel], ...] = (MainAccount, Customer, Block, Bundle, Order, TermsVersion, StaffMember)
BATCH = 2_000
FIRST_LOG_IN = "c@demo.example"


@dataclass(frozen=True)
class Buyer:
    """An admitted company of the demo with the person who orders for it."""

    customer_id: int
    contact_id: int
    language: str
    company_name: str
    contact_name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str = ""


@dataclass(frozen=True)
class Part:
    """A block in one bundle: thousandths of its unit, and the cents of one unit at the main brand."""

    block_id: int
    quantity_milli: int
    vat_rate_bp: int
    reference_price_cents: int
    is_counted: bool


@dataclass(frozen=True)
class Offer:
    """A bundle version as orders buy it."""

    bundle_id: int
    version_id: int
    name_de: str
    name_en: str
    price_cents: int
    minimum_quantity: int
    order_step: int
    lead_time_days: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Present:
    """What the database holds before: rows counted by table name, and what new rows may refer to."""

    counts: Mapping[str, int]
    policy: Policy
    terms_version_id: int | None
    block_ids: Mapping[str, int]
    partner_ids: Mapping[str, int]
    category_ids: Mapping[str, int]
    bundle_slugs: frozenset[str]
    buyers: tuple[Buyer, ...]
    offers: tuple[Offer, ...]
    has_personas: bool
    bulk_account_count: int
    bulk_customer_count: int
    services: Mapping[str, SpecialService]


@dataclass
class Rows:
    """New rows by table as plain values; ids are handed out here, so that rows can refer to each other."""

    next_ids: dict[str, int]
    by_table: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    totp_secrets: dict[str, str] = field(default_factory=dict)
    draft_ids: set[int] = field(default_factory=set)

    def add(self, model: type[SQLModel], **values: Any) -> int:
        """Takes up one row and returns its id. All rows of one table must name the same columns."""
        name = str(model.__tablename__)
        row_id = self.next_id(model)
        self.by_table.setdefault(name, []).append({"id": row_id, **values})
        return row_id

    def next_id(self, model: type[SQLModel]) -> int:
        """The id that the next row of a table will get."""
        name = str(model.__tablename__)
        return self.next_ids[name] + len(self.by_table.get(name, []))


Builder = Callable[[Present, Rows], None]


def fill_demo(
    session: Session, build: Builder, *, secret_key: str, is_allowed: bool, now: datetime
) -> dict[str, int]:
    """Adds the rows that `build` finds missing; returns how many of each table were added.

    Raises Refused (`demo.not_allowed`) unless the installation is a demo.
    """
    if not is_allowed:
        raise Refused(N_("The demo company is not loaded in production."), code="demo.not_allowed")
    with transaction(session):
        lock_all_blocks(session)
        touch_catalogue(session)
        present = _present(session)
        rows = Rows(
            {table.name: _last_id(session, table) + 1 for table in metadata.sorted_tables if "id" in table.c}
        )
        build(present, rows)
        _insert(session, rows)
        _seal_totp_secrets(session, rows.totp_secrets, secret_key=secret_key)
        _hold_stock(session, rows.by_table.get("stock_reservations", []), now=now)
        _publish(session, rows, now=now)
        _draft_invoices(session, now=now)
        added = {name: len(values) for name, values in rows.by_table.items() if values}
        if added:
            record(
                session,
                COMMAND,
                action="demo.filled",
                object_kind="demo",
                object_id=None,
                now=now,
                new=dict(added),
            )
    return added


def hasten_jobs(session: Session, *, now: datetime) -> None:
    """What the demo's past has left to do becomes due now, as if a worker had only just been started."""
    with transaction(session):
        waiting = update(Job).where(col(Job.state) == JobState.READY, col(Job.run_at) < now)
        session.exec(waiting.values(run_at=now))


def demo_totp_secrets(session: Session, *, secret_key: str) -> dict[str, str]:
    """The TOTP secrets of the demo's staff by e-mail. Raises ValueError where another key sealed them."""
    members = session.exec(
        select(StaffMember).where(col(StaffMember.email).like("%@demo.example")).order_by(col(StaffMember.id))
    ).all()
    secrets = {member.email: read_totp_secret(member, secret_key=secret_key) for member in members}
    return {email: secret for email, secret in secrets.items() if secret is not None}


def _present(session: Session) -> Present:
    counts = {
        str(model.__tablename__): session.exec(select(func.count()).select_from(model)).one()
        for model in COUNTED
    }
    return Present(
        counts=counts,
        policy=current_policy(session),
        terms_version_id=session.exec(select(func.max(TermsVersion.id))).one(),
        block_ids=_ids(session, Block.sku, Block.id),
        partner_ids=_ids(session, Partner.name, Partner.id),
        category_ids=_ids(session, Category.slug, Category.id),
        bundle_slugs=frozenset(session.exec(select(Bundle.slug))),
        buyers=_buyers(session),
        offers=_offers(session),
        has_personas=session.exec(select(Contact.id).where(col(Contact.email) == FIRST_LOG_IN)).first()
        is not None,
        bulk_account_count=_count(session, MainAccount, col(MainAccount.account_number).like("K-3%")),
        bulk_customer_count=_count(session, Customer, col(Customer.number).like("K-DEMOB%")),
        services={one.code: one for one in session.exec(select(SpecialService))},
    )


def _draft_invoices(session: Session, *, now: datetime) -> None:
    """What the demo's past delivered waits for the worker to be invoiced, as after its dispatch."""
    while order_ids := supplied_orders(session):
        put_drafts(session, order_ids, now=now)


def _ids(session: Session, name: str, row_id: int | None) -> dict[str, int]:
    return {known: found or 0 for known, found in session.exec(select(name, row_id)).all()}


def _count(session: Session, model: type[SQLModel], condition: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(model).where(condition)).one()


def _buyers(session: Session) -> tuple[Buyer, ...]:
    statement = (
        select(Customer, Contact)
        .join(Contact, col(Contact.customer_id) == col(Customer.id))
        .where(
            col(Customer.segment) == Segment.C,
            col(Customer.screening) == ScreeningState.CLEAR,
            col(Customer.suspended_at).is_(None),
            col(Customer.moved_up_at).is_(None),
            col(Contact.email_verified_at).is_not(None),
        )
        .order_by(col(Customer.id))
    )
    return tuple(
        Buyer(
            customer_id=customer.id or 0,
            contact_id=contact.id or 0,
            language=contact.language,
            company_name=customer.company_name,
            contact_name=contact.name,
            street=customer.street,
            postal_code=customer.postal_code,
            city=customer.city,
            country=customer.country,
            vat_id=customer.vat_id or "",
        )
        for customer, contact in session.exec(statement)
    )


def _offers(session: Session) -> tuple[Offer, ...]:
    parts: dict[int, list[Part]] = {}
    leads: dict[int, int] = {}
    counted = set(session.exec(select(Block.id).where(col(Block.is_made_to_order).is_(False))))
    for item in session.exec(select(BundleItem)):
        parts.setdefault(item.bundle_version_id, []).append(
            Part(
                block_id=item.block_id,
                quantity_milli=item.quantity_milli,
                vat_rate_bp=item.vat_rate_bp,
                reference_price_cents=item.reference_price_cents,
                is_counted=item.block_id in counted,
            )
        )
        leads[item.bundle_version_id] = max(
            leads.get(item.bundle_version_id, 0), item.main_brand_lead_time_days
        )
    versions = session.exec(
        select(BundleVersion)
        .join(Bundle, col(Bundle.current_version_id) == col(BundleVersion.id))
        .where(col(Bundle.state) == BundleState.PUBLISHED)
        .order_by(col(BundleVersion.id))
    )
    return tuple(
        Offer(
            bundle_id=version.bundle_id,
            version_id=version.id or 0,
            name_de=version.name_de,
            name_en=version.name_en,
            price_cents=version.price_cents,
            minimum_quantity=version.minimum_quantity,
            order_step=version.order_step,
            lead_time_days=leads[version.id or 0],
            parts=tuple(parts[version.id or 0]),
        )
        for version in versions
    )


def _last_id(session: Session, table: Table) -> int:
    return int(session.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _insert(session: Session, rows: Rows) -> None:
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    for table in metadata.sorted_tables:
        new = rows.by_table.get(table.name, [])
        for start in range(0, len(new), BATCH):
            session.execute(insert(table), new[start : start + BATCH])
        if new and is_postgresql:
            # Rows with ids of our own do not move the sequence that hands out the next one.
            session.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
                {"name": table.name, "last": new[-1]["id"]},
            )


def _seal_totp_secrets(session: Session, secrets: Mapping[str, str], *, secret_key: str) -> None:
    for email, secret in secrets.items():
        member = session.exec(select(StaffMember).where(col(StaffMember.email) == email)).one()
        keep_totp_secret(member, secret, secret_key=secret_key)
        member.is_totp_confirmed = True
    session.flush()


def _hold_stock(session: Session, reservations: list[dict[str, Any]], *, now: datetime) -> None:
    """What the new orders hold comes into the house beside what was there: nothing becomes scarce by a demo."""
    held: dict[int, int] = {}
    for reservation in reservations:
        block_id = reservation["block_id"]
        held[block_id] = held.get(block_id, 0) + reservation["quantity_milli"]
    blocks = session.exec(
        select(Block).where(col(Block.id).in_(held)).order_by(col(Block.id)).with_for_update()
    )
    for block in blocks.all():
        quantity_milli = held[block.id or 0]
        block.stock_milli += quantity_milli
        block.reserved_milli += quantity_milli
        session.add(
            StockMove(
                block_id=block.id or 0,
                cause=StockCause.RECEIVED,
                delta_milli=quantity_milli,
                stock_after_milli=block.stock_milli,
                reason="shop demo",
                changed_by=COMMAND.name,
                at=now,
            )
        )
    session.flush()


def _publish(session: Session, rows: Rows, *, now: datetime) -> None:
    """Versions become fixed only after their items are in: a published one takes no more."""
    new = [bundle["id"] for bundle in rows.by_table.get("bundles", []) if bundle["id"] not in rows.draft_ids]
    if not new:
        return
    is_new = col(Bundle.id).between(new[0], new[-1]) & col(Bundle.id).not_in(rows.draft_ids)
    session.exec(
        update(BundleVersion)
        .where(col(BundleVersion.bundle_id).in_(select(Bundle.id).where(is_new)))
        .values(published_at=col(BundleVersion.created_at), stage=VersionStage.PUBLISHED)
    )
    newest = (
        select(func.max(BundleVersion.id))
        .where(col(BundleVersion.bundle_id) == col(Bundle.id))
        .scalar_subquery()
    )
    session.exec(update(Bundle).where(is_new).values(state=BundleState.PUBLISHED, current_version_id=newest))
    rebuild_listings(session)
    refresh_margins(session, now=now, bundle_ids=new)
