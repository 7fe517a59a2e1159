"""The demo company as a whole: which rows are still missing for the sizes asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from app.cli.demo_company import effort, exceptions, goods, goods_rows, mails, people
from app.cli.demo_company.abroad import ORDERS_DAYS_AGO, add_neighbours
from app.cli.demo_company.complaints import add_complaints
from app.cli.demo_company.dispatch import add_closing_days, add_left_behind
from app.cli.demo_company.disputes import add_disputes
from app.cli.demo_company.orders import Conditions, order_maker
from app.cli.demo_company.services import add_services
from app.cli.demo_company.standing import add_standing_order
from app.cli.demo_company.steady import STEADY_DAYS_AGO, add_steady_orders
from app.core.security import hash_password
from app.customers.rules.application import LegalForm
from app.flows.fill_demo import Builder, Buyer, Offer, Present, Rows
from app.ordering.models import TermsVersion
from app.ordering.rules.promise import Calendar
from app.policy.models import PolicyVersion
from app.policy.rules.policy import to_values

FOLDER = Path(__file__).parent
OPENED = timedelta(days=300)
TERMS = {"2026-01": OPENED, "2026-02": timedelta(days=30)}
"""The versions of the terms, the newest last, and how long each has been there."""
WRITTEN_BEFORE = timedelta(days=2)
# Orders of the first log-in, in days ago: old ones that have left, and fresh ones that wait for their run.
OWN_ORDERS_DAYS_AGO = (170, 121, 64, 36, 2)


@dataclass(frozen=True)
class Sizes:
    """How many of each there shall be at least."""

    customers: int = 40
    bundles: int = 48
    orders: int = 60
    accounts: int = 400


def builder(sizes: Sizes, *, calendar: Calendar, password: str, seed: int, now: datetime) -> Builder:
    """What finds the rows that are missing; it reads nothing but what it is given."""
    opened_at = now - OPENED

    def build(present: Present, rows: Rows) -> None:
        password_hash = hash_password(password)
        buyers, refused = list(present.buyers), None
        if not present.has_personas:
            people.add_staff(rows, password_hash=password_hash, created_at=opened_at)
            rows.add(
                PolicyVersion,
                values=to_values(present.policy),
                changed_by="shop demo",
                reason="Zur Eröffnung: vorsichtig anfangen, nach dem ersten Quartal neu entscheiden.",
                created_at=opened_at,
            )
            personas, refused = people.add_personas(
                rows,
                policy=present.policy,
                blocks=goods.all_blocks(),
                password_hash=password_hash,
                now=now,
            )
            buyers += personas
        terms = (
            ((opened_at, present.terms_version_id),)
            if present.terms_version_id
            else _add_terms(rows, now=now)
        )
        offers = list(present.offers) + _missing_bundles(
            rows, present, sizes, seed=seed, opened_at=opened_at, now=now
        )
        people.add_accounts(
            rows,
            range(present.bulk_account_count, min(sizes.accounts, people.MOST_ACCOUNTS)),
            policy=present.policy,
            blocks=goods.all_blocks(),
            seed=seed,
            now=now,
        )
        wanted = range(present.bulk_customer_count, min(sizes.customers, people.MOST_CUSTOMERS))
        buyers += people.add_customers(rows, wanted, password_hash=password_hash, now=now)
        if not present.has_personas:
            exceptions.add_agreement(rows, buyers[0], calendar=calendar, by=goods_rows.PUBLISHER, now=now)
            mails.add_what_came_back(rows, buyers[-1], now=now)
            mails.add_edited_text(rows, by=goods_rows.PUBLISHER, now=now)
        conditions = Conditions(present.policy, calendar, terms, now, seed)
        early = _early_orders(buyers, refused) if refused else []
        abroad = [] if present.has_personas else add_neighbours(rows, password_hash=password_hash, now=now)
        _add_orders(rows, present, sizes, buyers, offers, conditions, early, abroad)
        if not present.has_personas:
            add_standing_order(rows, buyers[0], offers, calendar=calendar, now=now)

    return build


def _early_orders(buyers: list[Buyer], refused: Buyer) -> list[tuple[Buyer, int]]:
    """The orders, by their age in days, of the companies that will take much effort (see demo_company/effort.py)."""
    firms = [buyer for buyer in buyers[2:] if not buyer.company_name.endswith(LegalForm.SOLE_MERCHANT.value)]
    told = zip(firms, effort.OF_OTHERS, strict=False)
    return [
        (refused, effort.REFUSED.order_days_ago),
        (buyers[1], effort.WARNED.order_days_ago),
        *((buyer, story.order_days_ago) for buyer, story in told),
    ]


def _add_terms(rows: Rows, *, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Writes every version; from when on each was in force, and its id."""
    return tuple(
        (
            now - age,
            rows.add(
                TermsVersion,
                name=name,
                text_de=(FOLDER / f"terms_{name}_de.txt").read_text(encoding="utf-8"),
                text_en=(FOLDER / f"terms_{name}_en.txt").read_text(encoding="utf-8"),
                created_at=now - age,
            ),
        )
        for name, age in TERMS.items()
    )


def _missing_bundles(
    rows: Rows, present: Present, sizes: Sizes, *, seed: int, opened_at: datetime, now: datetime
) -> list[Offer]:
    """The bundles written by hand and then as many made ones as are wanted; drafts are beside the number."""
    written = goods.written_bundles()
    drafts = [bundle for bundle in written if bundle.is_draft]
    # A large catalogue is a large store: its benches buy more than a small shop has on its shelves.
    stock_factor = max(1, sizes.bundles // (len(written) - len(drafts)))
    known = goods_rows.add_goods(rows, present, stock_factor=stock_factor, opened_at=opened_at, now=now)
    missing = [bundle for bundle in written if bundle.slug not in present.bundle_slugs]
    on_sale = [bundle for bundle in missing if not bundle.is_draft]
    count = present.counts["bundles"] - sum(draft.slug in present.bundle_slugs for draft in drafts)
    made = range(count + len(on_sale), sizes.bundles)
    on_sale += [
        goods.made_bundle(number, blocks=known.blocks, policy=present.policy, seed=seed) for number in made
    ]
    offers = [goods_rows.add_bundle(rows, facts, known=known, created_at=opened_at) for facts in on_sale]
    for facts in missing:
        if facts.is_draft:
            goods_rows.add_draft(rows, facts, known=known, created_at=now - WRITTEN_BEFORE)
    if not present.has_personas:
        goods_rows.add_notes(rows, known=known, now=now)
        goods_rows.add_synonyms(rows, opened_at=opened_at)
    return offers


def _add_orders(
    rows: Rows,
    present: Present,
    sizes: Sizes,
    buyers: list[Buyer],
    offers: list[Offer],
    conditions: Conditions,
    early: list[tuple[Buyer, int]],
    abroad: list[Buyer],
) -> None:
    add_order = order_maker(rows, offers, conditions)
    missing = sizes.orders - present.counts["orders"]
    if not present.has_personas:
        own = [add_order(buyers[0], days_ago) for days_ago in OWN_ORDERS_DAYS_AGO]
        add_complaints(rows, buyers[0], own, offers, conditions)
        for buyer, days_ago in early:
            add_order(buyer, days_ago)
        for buyer in abroad:
            for days_ago in ORDERS_DAYS_AGO:
                add_order(buyer, days_ago)
        add_services(rows, present.services, buyers[0], own[-1], conditions)
        add_disputes(rows, own, conditions)
        missing -= len(rows.by_table["orders"])
    others = [buyer for buyer in buyers if buyer.customer_id != buyers[0].customer_id]
    if not present.has_personas and others and missing > 0:
        add_closing_days(rows, conditions.today, created_at=conditions.now - OPENED)
        add_left_behind(add_order, others[0], conditions)
        missing -= 1
        if missing >= len(STEADY_DAYS_AGO):
            add_steady_orders(add_order, others[0], offers)
            missing -= len(STEADY_DAYS_AGO)
    chance = Random(f"{conditions.seed}:buyers:{rows.next_ids['orders']}")
    for _ in range(max(0, missing)):
        # Squared: young orders are more frequent, so that there is something to dispatch.
        add_order(chance.choice(others), round(200 * chance.random() ** 2))
