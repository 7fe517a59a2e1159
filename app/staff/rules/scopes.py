"""What a key of the API may do."""

from enum import StrEnum


class Scope(StrEnum):
    """One kind of act of a program; a key has the ones it was given and no others."""

    IMPORTS_READ = "imports:read"
    IMPORTS_WRITE = "imports:write"
    ORDERS_CHECK = "orders:check"
    DISPATCH_WRITE = "dispatch:write"
