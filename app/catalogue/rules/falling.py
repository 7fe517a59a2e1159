"""Which bundles on sale fall below the margin floor when facts of their blocks change."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from app.catalogue.rules.margin import Margin, Part, margin_of
from app.policy.rules.policy import Policy

MARGIN_FACTS = frozenset(Part.__dataclass_fields__) - {"quantity_milli"}
"""The facts of a block that a margin depends on; a change of any other fact changes no margin."""


@dataclass(frozen=True, slots=True)
class OnSale:
    """A published bundle with its blocks as they are today: pairs of block id and part."""

    bundle_id: int
    version_id: int
    slug: str
    name_de: str
    name_en: str
    price_cents: int
    parts: tuple[tuple[int, Part], ...]

    def margin(self, policy: Policy) -> Margin:
        """What it contributes today."""
        return margin_of(self.price_cents, [part for _, part in self.parts], policy)


@dataclass(frozen=True, slots=True)
class Falling:
    """A bundle that is below the floor after a change, with its figures before and after it."""

    bundle: OnSale
    before: Margin
    after: Margin

    @property
    def is_new(self) -> bool:
        """Whether it passes today, so that the change is what takes it below."""
        return self.before.is_passing


def falling(
    bundles: Iterable[OnSale], changes: Mapping[int, Mapping[str, object]], policy: Policy
) -> list[Falling]:
    """The bundles that are below the floor with `changes` (block id → changed facts by their names in `blocks`).

    Facts that no margin depends on may stand among them. Those that fall come first, the greatest lack first.
    """
    found = []
    for bundle in bundles:
        parts = [changed(part, changes.get(block_id, {})) for block_id, part in bundle.parts]
        after = margin_of(bundle.price_cents, parts, policy)
        if not after.is_passing:
            found.append(Falling(bundle, bundle.margin(policy), after))
    found.sort(key=lambda one: (not one.is_new, -one.after.missing_cents, one.bundle.bundle_id))
    return found


def changed(part: Part, facts: Mapping[str, object]) -> Part:
    """The part with those of the facts that a margin depends on."""
    kept = {name: value for name, value in facts.items() if name in MARGIN_FACTS}
    return replace(part, **kept) if kept else part  # type: ignore[arg-type]


def touches_margin(names: Collection[str]) -> bool:
    """Whether a change of these columns of a block can change a margin."""
    return not MARGIN_FACTS.isdisjoint(names)
