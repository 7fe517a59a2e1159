"""What if customers followed the coach: a year of real purchases, replayed without looking ahead."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from hashlib import blake2b

import polars as pl

from app.core.errors import N_, Invalid
from app.core.money import BP, divide_half_up, share_bp
from app.insights.baskets import of_accounts, without_returns
from app.mainbrand.prospect_evaluation import last_whole_years
from app.mainbrand.prospect_model import make_example
from app.ordering.rules.coach import YEAR_DAYS, Good, PastOrder, Quantities, Terms, Window
from app.ordering.rules.coach_advice import Silence, advise, proposed_order
from app.ordering.rules.coach_proof import Shelf
from app.ordering.rules.coach_terms import Closing, coach_terms
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.promise import Calendar
from app.ordering.rules.quantities import QuantityRule
from app.ordering.rules.rhythm import RhythmChoice
from app.policy.rules.policy import Policy

MILLI = 1_000
PARTS = 2**64
ANY_SIZE = QuantityRule()


@dataclass(frozen=True, slots=True)
class Want:
    """What a customer really bought on a day: its need. Pieces and net cents of one, by article."""

    on: date
    pieces: Quantities
    prices: Quantities


@dataclass(slots=True)
class Outcome:
    """The compared year of all customers, if they follow in a share of the cases.

    `order_count` includes `joined_count` orders that went with the parcel of another. `held_cent_days` are those of
    the goods bought ahead (`ahead_cents`), `left_cents` is what of them was not used yet when the year was over. A
    case is a day on which somebody wanted something that was not on the shelf; `advised_count` of the followers' were
    advised another size or day, `waited_days` is how long all of them together waited for a day.
    """

    share_percent: int
    order_count: int = 0
    joined_count: int = 0
    line_count: int = 0
    goods_cents: int = 0
    charges: Counter[ChargeKind] = field(default_factory=Counter)
    charged_count: int = 0
    held_cent_days: int = 0
    ahead_cents: int = 0
    left_cents: int = 0
    case_count: int = 0
    advised_count: int = 0
    waited_days: int = 0
    silences: Counter[Silence | None] = field(default_factory=Counter)

    def held_cents(self, policy: Policy) -> int:
        """What the goods on the shelves cost their owners."""
        return divide_half_up(self.held_cent_days * policy.coach_holding_bp, BP * YEAR_DAYS)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcomes by share of followers, the first without any; `days` from `cut_on` to `until`."""

    cut_on: date
    until: date
    customer_count: int
    outcomes: tuple[Outcome, ...]
    policy: Policy

    def saved_for_customers(self, outcome: Outcome) -> int:
        """Charges less, minus what holding the goods costs; what is left on the shelf stays theirs and counts not."""
        less = self.outcomes[0].charges.total() - outcome.charges.total()
        return less - outcome.held_cents(self.policy) + self.outcomes[0].held_cents(self.policy)

    def saved_for_shop(self, outcome: Outcome) -> int:
        """What fewer orders and parcels cost less by the policy's figures, minus the charges that are not earned.

        Shipping of a parcel, the card fee of a payment and of the charges, and the expected cost to serve.
        """
        before, policy = self.outcomes[0], self.policy
        orders = before.order_count - outcome.order_count
        parcels = orders - (before.joined_count - outcome.joined_count)
        lost = before.charges.total() - outcome.charges.total()
        per_order = policy.card_fee_fixed_cents + policy.cost_to_serve_per_order_cents
        return (
            parcels * policy.shipping_base_cents
            + orders * per_order
            - lost
            + share_bp(lost, policy.card_fee_bp)
        )


def evaluate(
    lines: pl.DataFrame,
    days: pl.DataFrame,
    *,
    policy: Policy,
    shares: Sequence[int] = (0, 25, 100),
    seed: int = 1,
) -> Evaluation:
    """Replays the last whole year of purchases (columns baskets.LINES) of the customers that were C in the year before.

    C is below the top fifth by net revenue, as for the growth prospect. Each invoice is what its customer needed that
    day. Whoever follows in a case takes the coach's order and waits for its day; what was bought ahead is used up
    before anything is ordered again. The coach knows nothing but the orders before the day. The same seed
    gives the same result. Raises Invalid (`evaluation.too_short`, `evaluation.too_few`).
    """
    cut_on, until = last_whole_years(days)
    low = make_example(days, cut_on, bound_cents=None, until=until).frame["account_number"].to_list()
    theirs, _ = of_accounts(lines.filter(pl.col("day") < until), low)
    kept = without_returns(theirs)
    wants = _wants(kept)
    if not any(want.on >= cut_on for all_wants in wants.values() for want in all_wants):
        raise Invalid(
            N_("The customers with low revenue bought nothing in the year after."), code="evaluation.too_few"
        )
    closes_on = Closing(policy, Calendar(UTC, lambda _: False))
    outcomes = []
    for share in shares:
        outcome = Outcome(share)
        for account, all_wants in wants.items():
            life = Life(account, policy, closes_on, outcome, cut_on, until, seed)
            life.live(all_wants)
        outcomes.append(outcome)
    return Evaluation(cut_on, until, len(low), tuple(outcomes), policy)


def _wants(kept: pl.DataFrame) -> dict[str, list[Want]]:
    """By account what each of its invoices holds, oldest first."""
    by_invoice = (
        kept.group_by("account_number", "invoice_number", "sku")
        .agg(pl.col("quantity_milli", "net_cents").sum(), pl.col("day").min())
        .sort("sku")
        .group_by("account_number", "invoice_number")
        .agg("sku", "quantity_milli", "net_cents", pl.col("day").min())
        .sort("account_number", "day", "invoice_number")
    )
    all_numbers = {sku: at for at, sku in enumerate(sorted(kept["sku"].unique()))}
    found: dict[str, list[Want]] = {}
    for account, _, skus, quantities, cents, on in by_invoice.iter_rows():
        numbers = [all_numbers[sku] for sku in skus]
        pieces = [max(1, divide_half_up(milli, MILLI)) for milli in quantities]
        prices = [divide_half_up(value, count) for value, count in zip(cents, pieces, strict=True)]
        want = Want(on, dict(zip(numbers, pieces, strict=True)), dict(zip(numbers, prices, strict=True)))
        found.setdefault(account, []).append(want)
    return found


class Life:
    """One customer's years: `orders` as the shop sees them, goods on the shelf, and what waits for its day."""

    def __init__(
        self,
        account: str,
        policy: Policy,
        closes_on: Closing,
        outcome: Outcome,
        cut_on: date,
        until: date,
        seed: int,
    ) -> None:
        self._account, self._policy, self._outcome = account, policy, outcome
        self._cut_on, self._until, self._seed = cut_on, until, seed
        self._goods: dict[int, Good] = {}
        self._terms: Terms = coach_terms(policy, self._goods, closes_on=closes_on)
        self._window = Window(self._terms)
        self.orders: list[PastOrder] = []
        self._shelf = Shelf()
        self._waiting: Counter[int] = Counter()
        self._waiting_since: date | None = None
        self._due_on: date | None = None

    def live(self, wants: Sequence[Want]) -> None:
        """Goes through all that was wanted; only what happens from the cut on is counted."""
        for number, want in enumerate(wants):
            if self._due_on is not None and self._due_on < want.on:
                self._order(self._due_on)
            for article, cents in want.prices.items():
                self._goods[article] = Good(cents, ANY_SIZE)
            if want.on < self._cut_on:
                self._place(want.pieces, want.on)
            else:
                self._need(want, number)
        if self._waiting:
            self._order(min(self._due_on or self._until, self._until - timedelta(days=1)))
        left_cents, lying = self._shelf.left(until=self._until)
        self._outcome.held_cent_days += self._shelf.held_cent_days + lying
        self._outcome.left_cents += left_cents

    def _need(self, want: Want, number: int) -> None:
        missing = {
            one: left
            for one, count in want.pieces.items()
            if (left := self._shelf.take(one, count, on=want.on))
        }
        if not missing:
            return
        outcome = self._outcome
        outcome.case_count += 1
        self._waiting.update(missing)
        self._waiting_since = self._waiting_since or want.on
        if self._follows(number):
            self._order(want.on, may_wait=True)
        else:
            self._place(self._waiting, want.on)

    def _order(self, on: date, *, may_wait: bool = False) -> None:
        """Orders what waits, in the coach's size; or waits for the coach's day."""
        since = on - timedelta(days=YEAR_DAYS)
        past = [order for order in self.orders if order.on > since]
        advice = advise(
            past,
            self._goods,
            self._terms,
            today=on,
            least_saving_cents=self._policy.coach_least_saving_cents,
        )
        order = proposed_order(self._waiting, past, self._goods, self._terms, advice=advice, today=on)
        if may_wait:
            self._outcome.silences[advice.silence] += 1
            self._outcome.advised_count += bool(order.quantities) or order.best_on > on
            if order.best_on > on:
                self._due_on = order.best_on
                return
        ordered = {**self._waiting, **order.quantities}
        for one, count in ordered.items():
            if extra := count - self._waiting[one]:
                self._shelf.put(one, extra, on=on, cents=self._goods[one].unit_price_cents)
                self._outcome.ahead_cents += extra * self._goods[one].unit_price_cents
        self._place(ordered, on)

    def _place(self, quantities: Quantities, on: date) -> None:
        outcome = self._outcome
        if self._waiting_since is not None:
            outcome.waited_days += (on - self._waiting_since).days
        rhythm = self._window.rhythm_of(on)
        if on >= self._cut_on:
            outcome.order_count += 1
            outcome.joined_count += rhythm is RhythmChoice.JOINED
            outcome.line_count += len(quantities)
            outcome.goods_cents += sum(
                count * self._goods[one].unit_price_cents for one, count in quantities.items()
            )
            charges = self._terms.charges_of(quantities, rhythm)
            outcome.charged_count += bool(charges)
            for charge in charges:
                outcome.charges[charge.kind] += charge.net_cents
        self._window.note(on, rhythm)
        self.orders.append(PastOrder(on, dict(quantities)))
        self._waiting, self._waiting_since, self._due_on = Counter(), None, None

    def _follows(self, number: int) -> bool:
        share = self._outcome.share_percent
        digest = blake2b(f"{self._seed}:{self._account}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") * 100 < share * PARTS
