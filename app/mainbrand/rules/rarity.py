"""How rare a word, an address or a domain is among the main accounts: what many share says little."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.mainbrand.rules.match_keys import Key, KeyKind
from app.mainbrand.rules.names import frequent_share

PRIOR_ACCOUNTS = 2_000
"""As many imagined accounts are added to the list: a word is not rare because the list is short."""

UNCOUNTED = 2


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many accounts there are, and how many of them carry a key; keys that are not named count as rare."""

    total: int = 0
    counts: Mapping[Key, int] = field(default_factory=dict)
    _weights: dict[str, float] = field(default_factory=dict, compare=False, repr=False)

    def count(self, kind: KeyKind, text: str) -> int:
        """The number of accounts that carry a key, at least 1."""
        return max(1, self.counts.get((kind, text), 1))

    def weight(self, stem: str) -> float:
        """How much a word says: near 1 for a word that nobody else carries, near 0 for one that all carry.

        Inverse document frequency over the list, with everyday words of company names counted in.
        """
        known = self._weights.get(stem)
        if known is None:
            accounts = self.total + PRIOR_ACCOUNTS
            carriers = (
                self.counts.get((KeyKind.WORD, stem), UNCOUNTED) + frequent_share(stem) * PRIOR_ACCOUNTS
            )
            known = self._weights[stem] = max(0.0, math.log(accounts / (carriers + 1)) / math.log(accounts))
        return known
