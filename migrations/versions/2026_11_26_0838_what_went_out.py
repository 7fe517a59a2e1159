"""Differences in what went out: paid back twice, disputes of another amount or outcome, or not at Stripe."""

from alembic import op

revision = "what_went_out"
down_revision = "proofs_of_delivery"
branch_labels = None
depends_on = None

BEFORE = (
    "captured_there",
    "not_captured_there",
    "amount_differs",
    "taken_twice",
    "left_open",
    "unknown_order",
    "unknown_payment",
    "without_mark",
    "refund_unknown",
    "refund_missing",
    "refund_differs",
    "dispute_unknown",
)
AFTER = (*BEFORE[:11], "refunded_twice", "dispute_unknown", "dispute_differs", "dispute_missing")
NEW = tuple(kind for kind in AFTER if kind not in BEFORE)


def upgrade() -> None:
    _set_kinds(AFTER)


def downgrade() -> None:
    op.execute(f"DELETE FROM book_differences WHERE kind IN ({_words(NEW)})")
    _set_kinds(BEFORE)


def _set_kinds(kinds: tuple[str, ...]) -> None:
    name = op.f("ck_book_differences_is_difference")
    with op.batch_alter_table("book_differences") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, f"kind IN ({_words(kinds)})")


def _words(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)
