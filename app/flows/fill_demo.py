"""Filling a database with the demo company: one transaction, and a second run adds only what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, insert, text, update
from sqlmodel import Session, SQLModel, col, func, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stages import VersionStage
from app.catalogue.service import rebuild_listings, touch_catalogue
from app.core.errors import N_, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.rules.admission import ScreeningState
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


@dataclass(frozen=True)
class Offer:
    """A published bundle version; `weights` are its blocks' (VAT rate in basis points, reference cents)."""

    version_id: int
    name_de: str
    name_en: str
    price_cents: int
    minimum_quantity: int
    order_step: int
    lead_time_days: int
    weights: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Present:
    """What the database holds before: rows counted by table name, and what new rows may refer to."""

    counts: Mapping[str, int]
    policy: Policy
    terms_version_id: int | None
    block_ids: Mapping[str, int]
    buyers: tuple[Buyer, ...]
    offers: tuple[Offer, ...]
    has_personas: bool
    bulk_account_count: int
    bulk_customer_count: int


@dataclass
class Rows:
    """New rows by table as plain values; ids are handed out here, so that rows can refer to each other."""

    next_ids: dict[str, int]
    by_table: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    totp_secrets: dict[str, str] = field(default_factory=dict)

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
        touch_catalogue(session)
        present = _present(session)
        rows = Rows(
            {table.name: _last_id(session, table) + 1 for table in metadata.sorted_tables if "id" in table.c}
        )
        build(present, rows)
        _insert(session, rows)
        _seal_totp_secrets(session, rows.totp_secrets, secret_key=secret_key)
        if rows.by_table.get("bundles"):
            _publish(session, rows.by_table["bundles"], now=now)
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
        block_ids={sku: block_id or 0 for sku, block_id in session.exec(select(Block.sku, Block.id)).all()},
        buyers=_buyers(session),
        offers=_offers(session),
        has_personas=session.exec(select(Contact.id).where(col(Contact.email) == FIRST_LOG_IN)).first()
        is not None,
        bulk_account_count=_count(session, MainAccount, col(MainAccount.account_number).like("K-3%")),
        bulk_customer_count=_count(session, Customer, col(Customer.number).like("K-DEMOB%")),
    )


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
        )
        for customer, contact in session.exec(statement)
    )


def _offers(session: Session) -> tuple[Offer, ...]:
    weights: dict[int, list[tuple[int, int]]] = {}
    leads: dict[int, int] = {}
    for item in session.exec(select(BundleItem)):
        weights.setdefault(item.bundle_version_id, []).append(
            (item.vat_rate_bp, item.quantity_milli * item.reference_price_cents)
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
            version_id=version.id or 0,
            name_de=version.name_de,
            name_en=version.name_en,
            price_cents=version.price_cents,
            minimum_quantity=version.minimum_quantity,
            order_step=version.order_step,
            lead_time_days=leads[version.id or 0],
            weights=tuple(weights[version.id or 0]),
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


def _publish(session: Session, bundles: list[dict[str, Any]], *, now: datetime) -> None:
    """Versions become fixed only after their items are in: a published one takes no more."""
    first, last = bundles[0]["id"], bundles[-1]["id"]
    session.exec(
        update(BundleVersion)
        .where(col(BundleVersion.bundle_id).between(first, last))
        .values(published_at=col(BundleVersion.created_at), stage=VersionStage.PUBLISHED)
    )
    newest = (
        select(func.max(BundleVersion.id))
        .where(col(BundleVersion.bundle_id) == col(Bundle.id))
        .scalar_subquery()
    )
    session.exec(
        update(Bundle)
        .where(col(Bundle.id).between(first, last))
        .values(state=BundleState.PUBLISHED, current_version_id=newest)
    )
    rebuild_listings(session)
