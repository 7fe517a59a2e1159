"""What a list has to respect of a block that exists already."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownBlock:
    """A block that exists: whether a bundle on sale holds it, its marks, and the unit that it has to keep (or "").

    A unit is kept as long as stock, open orders or a bundle on sale count in it.
    """

    is_on_sale: bool = False
    is_hazardous: bool = False
    is_restricted: bool = False
    kept_unit: str = ""
