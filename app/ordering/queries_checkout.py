"""What a company would order right now: its cart at today's versions, prices, tax and promise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.queries import lead_time_today
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import Need, Wanted, sellable_counts, spare_counts
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.models import CartLine, OrderLine, StandingOrder, StandingOrderLine, TermsVersion
from app.ordering.queries_rhythm import read_earlier
from app.ordering.queries_stock import SIZE_COLUMNS, free_of_blocks, own_held, rule_of, with_sizes
from app.ordering.rules.charges import missing_value, order_charges, small_order_terms
from app.ordering.rules.offer import Offer, OfferLine
from app.ordering.rules.pricing import ChargeKind, PricedCharge, PricedLine, RatePart, Totals, price_order
from app.ordering.rules.promise import Calendar, Promise, delivery_promise
from app.ordering.rules.quantities import (
    QuantityProblem,
    QuantityRule,
    available_quantity,
    check_quantity,
    missing_count,
)
from app.ordering.rules.rhythm import EarlierOrder, Place, Rhythm, RhythmChoice, RhythmOption, order_rhythm
from app.ordering.rules.vat import VatCase
from app.ordering.rules.vat_case import AT_HOME, Supply, UsedVatId, VatPosition, vat_position
from app.ordering.rules.way_out import SizedLine, SmallOrderTerms, WayOut, sized_line, way_out
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy, UnconfirmedVat


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A cart line that can be sold now; `problem` says why its quantity cannot.

    `rule` holds how many the lines before it leave of it; `needs` is what one of it takes of each block; `most` is the
    largest quantity to which it alone could be raised, all other lines served.
    """

    bundle_id: int
    bundle_version_id: int
    name_de: str
    name_en: str
    priced: PricedLine
    lead_time_days: int
    rule: QuantityRule
    problem: QuantityProblem | None
    needs: tuple[Need, ...]
    most: int

    @property
    def is_low(self) -> bool:
        """Whether it can be ordered below its minimum quantity, with a surcharge."""
        return self.problem is None and missing_count(self.priced.quantity, self.rule) > 0

    @property
    def sized(self) -> SizedLine:
        """What the way out of a small order looks at."""
        priced = self.priced
        return sized_line(
            self.bundle_id, priced.quantity, priced.unit_price_cents, self.rule, self.problem, most=self.most
        )

    def name(self, language: str) -> str:
        """The bundle's name in a language."""
        return self.name_de if language == "de" else self.name_en


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms in force: the row's id and the name that people read."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be ordered and how: the cart without a standing order, to the company itself without a place."""

    choice: RhythmChoice | None = None
    place: Place | None = None
    standing_order_id: int | None = None


CART = Wish()
VAT_COLUMNS = (
    Customer.vat_id,
    Customer.vat_status,
    Customer.vat_confirmed_at,
    Customer.country,
    Customer.postal_code,
)
"""What the VAT position hangs on; it is read with the lines."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to order now (see rules/rhythm.py), with what the order costs then."""

    option: RhythmOption
    totals: Totals

    @property
    def fee_net_cents(self) -> int:
        """The interim-order fee of this way; 0 where it has none."""
        fees = [one for one in self.totals.charges if one.kind is ChargeKind.INTERIM_ORDER]
        return sum(fee.net_cents for fee in fees)


@dataclass(frozen=True, slots=True)
class Checkout:
    """The whole of it. `has_retired` tells that a cart line is no longer sold and stands in no list here.

    `ways` are all ways to order now; `way` is the chosen one, or the first where the choice is not possible.
    `is_vat_held` tells that the policy wants the VAT id confirmed before the order.
    """

    lines: tuple[CheckoutLine, ...]
    ways: tuple[Way, ...]
    way: Way
    rhythm: Rhythm
    terms: Terms | None
    has_retired: bool
    small_terms: SmallOrderTerms
    vat: VatPosition
    is_vat_held: bool

    @property
    def totals(self) -> Totals:
        """What the order costs as it was chosen."""
        return self.way.totals

    @property
    def promise(self) -> Promise:
        """When the order arrives as it was chosen."""
        return self.way.option.promise

    @property
    def is_orderable(self) -> bool:
        """Whether the cart can be sold as it is: each line, and their value where the policy wants a least one."""
        is_sold = bool(self.lines) and not self.has_retired and not any(line.problem for line in self.lines)
        return is_sold and not self.is_too_little

    @property
    def is_too_little(self) -> bool:
        """Whether the goods are worth less than the policy lets pass."""
        return self.small_terms.is_low_value_refused and self.totals.missing_cents > 0

    @property
    def way_out(self) -> WayOut | None:
        """What is missing to minimum quantities and minimum order value, and the cheapest way out of it."""
        return way_out([line.sized for line in self.lines], self.small_terms)

    def charges(self, language: str) -> tuple[PricedCharge, ...]:
        """The charges as people read them: a line's surcharge names its bundle."""
        names = {line.bundle_version_id: line.name(language) for line in self.lines}
        return tuple(
            replace(charge, name=names[charge.bundle_version_id]) if charge.bundle_version_id else charge
            for charge in self.totals.charges
        )

    @property
    def told(self) -> dict[str, str]:
        """What a mail says of a further order: whose parcel takes it, or from which day on the fee is gone."""
        option, free_from_on = self.way.option, self.rhythm.free_from_on
        if option.joins:
            return {"joins": option.joins.number}
        return {"free_from_on": free_from_on.isoformat()} if self.way.fee_net_cents and free_from_on else {}

    @property
    def offer(self) -> Offer:
        """What the customer agrees to by pressing the button."""
        return self._offer(self.way)

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What the customer can agree to: an offer for each way."""
        return tuple(self._offer(way) for way in self.ways)

    def _offer(self, way: Way) -> Offer:
        return Offer(
            lines=tuple(
                OfferLine(
                    line.bundle_version_id, line.bundle_id, line.priced.quantity, line.priced.unit_price_cents
                )
                for line in self.lines
            ),
            charges_net_cents=way.totals.charges_net_cents,
            gross_cents=way.totals.gross_cents,
            promised_on=way.option.promise.promised_on,
            terms_version_id=self.terms.id if self.terms else 0,
            rhythm=way.option.choice,
            joins=way.option.joins.number if way.option.joins else "",
            vat_case=self.vat.case,
        )


def read_checkout(
    session: Session,
    customer_id: int,
    *,
    calendar: Calendar,
    now: datetime,
    is_locking: bool = False,
    wish: Wish = CART,
    policy: Policy | None = None,
    earlier: Sequence[EarlierOrder] | None = None,
) -> Checkout:
    """A company's cart, or one of its standing orders, as an order would be made of it.

    `is_locking` holds the lines until the transaction ends. Who knows the policy and the earlier orders hands them in.
    """
    policy = policy or current_policy(session)
    rows = _wanted_lines(session, customer_id, wish.standing_order_id, now=now, is_locking=is_locking)
    sold = [row for row in rows if row.state is BundleState.PUBLISHED and row.version_id is not None]
    blocks = _blocks(session, [row.version_id for row in sold])
    counts = _counts(session, customer_id, sold, blocks, is_exact=not is_locking)
    lines = tuple(
        _line(row, blocks=blocks[row.version_id], available_count=count, spare_count=spare, policy=policy)
        for row, (count, spare) in zip(sold, counts, strict=True)
    )
    if earlier is None:
        earlier = read_earlier(session, customer_id, policy=policy, calendar=calendar, now=now)
    place = wish.place
    if place is None and any(order.is_waiting for order in earlier):
        place = Place(**home_address(session, customer_id))
    lead_times = [line.lead_time_days for line in lines]
    rhythm = order_rhythm(
        earlier,
        rhythm_days=policy.rhythm_days,
        today=now.astimezone(calendar.zone).date(),
        now=now,
        place=place,
        promise_at=lambda at: promise_of(lead_times, policy=policy, calendar=calendar, now=at),
    )
    effort_level = rows[0].effort_level if rows else EffortLevel.NORMAL
    vat = _vat(rows[0], wish.place, seller_country=calendar.country, now=now) if rows else AT_HOME
    ways = tuple(
        Way(option, _totals(lines, option, policy, effort_level, vat.case)) for option in rhythm.options
    )
    return Checkout(
        lines=lines,
        ways=ways,
        way=ways[rhythm.options.index(rhythm.option(wish.choice))],
        rhythm=rhythm,
        terms=_terms(session),
        has_retired=len(sold) < len(rows),
        small_terms=small_order_terms(policy),
        vat=vat,
        is_vat_held=vat.is_waiting and policy.unconfirmed_vat is UnconfirmedVat.HOLD,
    )


def promise_of(lead_times_days: list[int], *, policy: Policy, calendar: Calendar, now: datetime) -> Promise:
    """The promise for blocks with these lead times at the main brand: the slowest decides."""
    return delivery_promise(
        policy, calendar, ordered_at=now, main_brand_lead_time_days=max(lead_times_days, default=0)
    )


def lead_time_of_order(session: Session, order_id: int) -> int:
    """The longest of the lead times that the blocks of an order had or have at the main brand, in working days."""
    longest = session.exec(
        select(func.max(lead_time_today()))
        .select_from(BundleItem)
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id)
    ).one()
    return longest or 0


def has_kept_out_blocks(session: Session, order_id: int) -> bool:
    """Whether a block of an order is dangerous or restricted by now: the shop must not send it."""
    kept_out = (
        select(Block.id)
        .join(BundleItem, col(BundleItem.block_id) == col(Block.id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id, or_(col(Block.is_hazardous), col(Block.is_restricted)))
    )
    return session.exec(kept_out.limit(1)).first() is not None


def names_of_versions(session: Session, version_ids: list[int], *, language: str) -> dict[int, str]:
    """The bundles' names by version id."""
    name = BundleVersion.name_de if language == "de" else BundleVersion.name_en
    rows = session.exec(select(BundleVersion.id, name).where(col(BundleVersion.id).in_(version_ids)))
    return {version_id: text for version_id, text in rows if version_id is not None}


def home_address(session: Session, customer_id: int) -> dict[str, str]:
    """A company's own address by field name: where a delivery goes unless it says otherwise."""
    customer = session.get_one(Customer, customer_id)
    names = ("company_name", "street", "postal_code", "city", "country")
    return {name: getattr(customer, name) for name in names}


def _vat(row: Any, place: Place | None, *, seller_country: str, now: datetime) -> VatPosition:
    """The VAT position of goods that go to a place, or to the company itself."""
    return vat_position(
        seller_country=seller_country,
        country=place.country if place else row.country,
        postal_code=place.postal_code if place else row.postal_code,
        supply=Supply.GOODS,
        used=UsedVatId(row.vat_id or "", row.vat_status, row.vat_confirmed_at),
        now=now,
    )


def _totals(
    lines: Sequence[CheckoutLine],
    option: RhythmOption,
    policy: Policy,
    effort_level: EffortLevel,
    case: VatCase,
) -> Totals:
    """What the lines cost in one way to order, with the charges of that way."""
    goods_net_cents = sum(line.priced.net_cents for line in lines)
    return price_order(
        [line.priced for line in lines],
        charges=order_charges(
            policy,
            goods_net_cents=goods_net_cents,
            low_version_ids=[line.bundle_version_id for line in lines if line.is_low],
            rhythm=option.choice,
            effort_level=effort_level,
        ),
        missing_cents=missing_value(policy, goods_net_cents),
        vat_case=case,
    )


def _wanted_lines(
    session: Session, customer_id: int, standing_order_id: int | None, *, now: datetime, is_locking: bool
) -> list[Any]:
    """The lines with what is sold now, as plain rows: a bundle's long texts are not asked for."""
    lines: Any = CartLine if standing_order_id is None else StandingOrderLine
    query: Any = select(  # type: ignore[call-overload]
        lines.bundle_id,
        lines.quantity,
        Bundle.state,
        BundleVersion.id.label("version_id"),  # type: ignore[union-attr]
        BundleVersion.name_de,
        BundleVersion.name_en,
        BundleVersion.price_cents,
        *SIZE_COLUMNS,
        Customer.effort_level,
        *VAT_COLUMNS,
    ).select_from(lines)
    if standing_order_id is None:
        query = query.join(Customer, col(Customer.id) == lines.customer_id)
    else:
        query = (
            query.join(StandingOrder, col(StandingOrder.id) == lines.standing_order_id)
            .join(Customer, col(Customer.id) == col(StandingOrder.customer_id))
            .where(lines.standing_order_id == standing_order_id)
        )
    query = (
        query.join(Bundle, col(Bundle.id) == lines.bundle_id)
        .outerjoin(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(Customer.id) == customer_id)
        .order_by(lines.id)
    )
    query = with_sizes(query, customer_id, now=now)
    if is_locking:
        query = query.with_for_update(of=lines)
    return list(session.execute(query))


def _counts(
    session: Session,
    customer_id: int,
    sold: list[Any],
    blocks: dict[int, list[Any]],
    *,
    is_exact: bool,
) -> list[tuple[int | None, int | None]]:
    """How many of each line can be ordered, and how many more once all are served.

    Only `is_exact` always counts what own unpaid orders hold; else it is asked only where there would be too little
    without.
    """
    wanted = [Wanted("", row.quantity, _needs(blocks[row.version_id])) for row in sold]
    rows = [row for of_version in blocks.values() for row in of_version]
    free = free_of_blocks(rows)
    counts = sellable_counts(wanted, free)
    is_short = any(
        count is not None and count < line.quantity for line, count in zip(wanted, counts, strict=True)
    )
    if free and (is_exact or is_short):
        free = free_of_blocks(rows, own=own_held(session, customer_id))
        counts = sellable_counts(wanted, free)
    return list(zip(counts, spare_counts(wanted, free), strict=True))


def _line(
    row: Any,
    *,
    blocks: list[Any],
    available_count: int | None,
    spare_count: int | None,
    policy: Policy,
) -> CheckoutLine:
    rule = rule_of(row, available_count=available_count, policy=policy)
    greatest = available_quantity(rule)
    parts = tuple(
        RatePart(block.vat_rate_bp, block.quantity_milli * block.reference_price_cents) for block in blocks
    )
    return CheckoutLine(
        bundle_id=row.bundle_id,
        bundle_version_id=row.version_id,
        name_de=row.name_de,
        name_en=row.name_en,
        priced=PricedLine(row.quantity, row.price_cents, parts),
        lead_time_days=max(block.lead_time_days for block in blocks),
        rule=rule,
        problem=check_quantity(row.quantity, rule),
        needs=_needs(blocks),
        most=greatest if spare_count is None else min(greatest, row.quantity + spare_count),
    )


def _needs(blocks: list[Any]) -> tuple[Need, ...]:
    return tuple(Need(block.block_id, block.quantity_milli) for block in blocks)


def _blocks(session: Session, version_ids: list[int]) -> dict[int, list[Any]]:
    """For each version its blocks in their order: rates and weights, lead time, and their stock now."""
    rows = session.execute(
        select(  # type: ignore[call-overload]
            BundleItem.bundle_version_id,
            BundleItem.block_id,
            BundleItem.quantity_milli,
            BundleItem.vat_rate_bp,
            BundleItem.reference_price_cents,
            lead_time_today().label("lead_time_days"),
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
        )
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(BundleItem.bundle_version_id).in_(version_ids))
        .order_by(BundleItem.id)
    )
    found: dict[int, list[Any]] = {version_id: [] for version_id in version_ids}
    for row in rows:
        found[row.bundle_version_id].append(row)
    return found


def _terms(session: Session) -> Terms | None:
    query = select(TermsVersion.id, TermsVersion.name).order_by(col(TermsVersion.id).desc()).limit(1)
    row = session.exec(query).first()
    return Terms(row[0], row[1]) if row and row[0] is not None else None
