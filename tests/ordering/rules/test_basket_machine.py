"""A basket that is changed in any order: every part of its price adds up to the cent after each step."""

from collections.abc import Iterable
from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.core.money import share_bp
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.charges import missing_value, order_charges
from app.ordering.rules.pricing import ChargeKind, PricedCharge, PricedLine, RatePart, Totals, price_order
from app.ordering.rules.rhythm import RhythmChoice
from app.payments.rules.items import NetItem, card_items
from app.policy.rules.policy import BelowMinimum, Policy

RATES = st.sampled_from([0, 500, 700, 1900])
PARTS = st.lists(st.builds(RatePart, RATES, st.integers(0, 10**5)), min_size=1, max_size=4).map(tuple)
PRICES = st.one_of(st.integers(1, 9), st.integers(1, 10**6))
QUANTITIES = st.one_of(st.integers(1, 5), st.integers(1, 9_999))
AMOUNTS = st.one_of(st.just(0), st.integers(0, 10**5))
NUMBERS = st.integers(1, 6)


class Basket(RuleBasedStateMachine):
    """Lines come, change and go; prices, rates, fees, level and rhythm are switched; services are added."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[int, PricedLine] = {}
        self.services: list[PricedCharge] = []
        self.policy = Policy()
        self.level = EffortLevel.NORMAL
        self.rhythm = RhythmChoice.NORMAL
        self.low: set[int] = set()

    @initialize(number=NUMBERS, quantity=QUANTITIES, price=PRICES, parts=PARTS)
    def first_line(self, number: int, quantity: int, price: int, parts: tuple[RatePart, ...]) -> None:
        self.lines[number] = PricedLine(quantity, price, parts)

    @rule(number=NUMBERS, quantity=QUANTITIES, price=PRICES, parts=PARTS)
    def put(self, number: int, quantity: int, price: int, parts: tuple[RatePart, ...]) -> None:
        self.lines[number] = PricedLine(quantity, price, parts)

    @rule(number=NUMBERS, quantity=QUANTITIES)
    def change_quantity(self, number: int, quantity: int) -> None:
        if number in self.lines:
            line = self.lines[number]
            self.lines[number] = PricedLine(quantity, line.unit_price_cents, line.parts)

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        self.lines.pop(number, None)

    @rule(numbers=st.sets(NUMBERS, max_size=3))
    def raise_minimum_quantities(self, numbers: set[int]) -> None:
        self.low = numbers

    @rule(
        minimum=AMOUNTS,
        surcharge=AMOUNTS,
        interim=AMOUNTS,
        effort=AMOUNTS,
        below=st.sampled_from(BelowMinimum),
    )
    def change_policy(
        self, minimum: int, surcharge: int, interim: int, effort: int, below: BelowMinimum
    ) -> None:
        self.policy = Policy(
            minimum_order_value_cents=minimum,
            low_quantity_surcharge_cents=surcharge,
            interim_order_fee_cents=interim,
            effort_fee_cents=effort,
            low_line_surcharge_cents=surcharge // 3,
            below_minimum_quantity=below,
            below_minimum_value=below,
        )

    @rule(level=st.sampled_from(EffortLevel), rhythm=st.sampled_from(RhythmChoice))
    def switch(self, level: EffortLevel, rhythm: RhythmChoice) -> None:
        self.level, self.rhythm = level, rhythm

    @rule(net=st.integers(1, 10**5), quantity=st.integers(1, 9), rate=RATES)
    def add_service(self, net: int, quantity: int, rate: int) -> None:
        self.services.append(
            PricedCharge(ChargeKind.SPECIAL_SERVICE, net * quantity, "Copy", quantity, vat_rate_bp=rate)
        )

    @rule()
    def take_service_back(self) -> None:
        if self.services:
            self.services.pop(0)

    @invariant()
    def every_part_adds_up(self) -> None:
        totals = self.totals(self.lines.values(), self.services)

        assert totals.goods_net_cents == sum(
            line.quantity * line.unit_price_cents for line in self.lines.values()
        )
        assert totals.net_cents == sum(tax.net_cents for tax in totals.taxes)
        assert totals.gross_cents == totals.net_cents + sum(tax.vat_cents for tax in totals.taxes)
        assert all(tax.vat_cents == share_bp(tax.net_cents, tax.vat_rate_bp) for tax in totals.taxes)
        assert all(tax.net_cents >= 0 for tax in totals.taxes)

    @invariant()
    def the_way_to_it_does_not_matter(self) -> None:
        totals = self.totals(self.lines.values(), self.services)
        other_way = self.totals(reversed(self.lines.values()), self.services[::-1])

        assert (totals.gross_cents, totals.taxes) == (other_way.gross_cents, other_way.taxes)

    @invariant()
    def no_rate_is_further_from_its_exact_share_than_rounding_goes(self) -> None:
        goods = {tax.vat_rate_bp: tax.net_cents for tax in price_order(list(self.lines.values())).taxes}
        exact = self.exact_goods_by_rate()
        # Half a cent for each part of a line; the largest takes up the halves of all others.
        allowed = sum(len(line.parts) for line in self.lines.values())
        assert all(abs(goods[rate] - exact[rate]) <= allowed for rate in goods)

        totals = self.totals(self.lines.values(), self.services)
        net = {tax.vat_rate_bp: tax.net_cents for tax in totals.taxes}
        following = sum(charge.net_cents for charge in totals.charges if charge.vat_rate_bp is None)
        for rate in net:
            own = sum(charge.net_cents for charge in totals.charges if charge.vat_rate_bp == rate)
            share = Fraction(following * goods.get(rate, 0), sum(goods.values()) or 1)
            assert abs(net[rate] - goods.get(rate, 0) - own - share) <= len(goods)

    @invariant()
    def the_card_page_asks_for_the_same_amount(self) -> None:
        totals = self.totals(self.lines.values(), self.services)
        items = [
            *(NetItem("line", line.net_cents) for line in self.lines.values()),
            *(NetItem(charge.kind, charge.net_cents) for charge in totals.charges),
        ]
        if totals.net_cents:
            asked = card_items(items, gross_cents=totals.gross_cents, rest_name="more")

            assert sum(item.gross_cents for item in asked) == totals.gross_cents
            assert all(item.gross_cents >= 0 for item in asked)

    def totals(self, lines: Iterable[PricedLine], services: list[PricedCharge]) -> Totals:
        lines = list(lines)
        goods = sum(line.net_cents for line in lines)
        decided = order_charges(
            self.policy,
            goods_net_cents=goods,
            low_version_ids=sorted(self.low & self.lines.keys()),
            rhythm=self.rhythm,
            effort_level=self.level,
        )
        return price_order(
            lines, charges=(*decided, *services), missing_cents=missing_value(self.policy, goods)
        )

    def exact_goods_by_rate(self) -> dict[int, Fraction]:
        """The goods' net by rate without any rounding, worked out another way than the shop does."""
        goods: dict[int, Fraction] = {}
        for line in self.lines.values():
            whole = sum(part.reference_price_cents for part in line.parts)
            for at, part in enumerate(line.parts):
                # Blocks without any reference price: the first rate takes all.
                share = Fraction(part.reference_price_cents, whole) if whole else Fraction(int(at == 0))
                goods[part.vat_rate_bp] = goods.get(part.vat_rate_bp, Fraction(0)) + line.net_cents * share
        return goods


TestBasket = Basket.TestCase
TestBasket.settings = settings(max_examples=25, stateful_step_count=20)
