"""What each role of the staff may do."""

from enum import StrEnum


class Role(StrEnum):
    """One role per account."""

    ADMIN = "admin"
    LEAD = "lead"
    OPERATIONS = "operations"
    FINANCE = "finance"
    VIEWER = "viewer"


class Right(StrEnum):
    """One kind of act; pages that only show need VIEW."""

    VIEW = "view"
    DISPATCH = "dispatch"
    SCREEN = "screen"
    CATALOGUE = "catalogue"
    COMPLAINTS = "complaints"
    CUSTOMERS = "customers"
    MAIL = "mail"
    PAYMENTS = "payments"
    BOOKS = "books"
    POLICY = "policy"
    IMPORT = "import"
    AUDIT = "audit"
    STAFF = "staff"
    APPROVE = "approve"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.LEAD: frozenset(Right) - {Right.STAFF},
    Role.OPERATIONS: frozenset(
        {
            Right.VIEW,
            Right.DISPATCH,
            Right.SCREEN,
            Right.CATALOGUE,
            Right.COMPLAINTS,
            Right.MAIL,
            Right.IMPORT,
        }
    ),
    Role.FINANCE: frozenset({Right.VIEW, Right.PAYMENTS, Right.BOOKS, Right.AUDIT}),
    Role.VIEWER: frozenset({Right.VIEW}),
}


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in RIGHTS[role]
