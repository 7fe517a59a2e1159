"""A copy of an invoice can be ordered: there are invoices now, and it is sent by itself."""

import sqlalchemy as sa
from alembic import op

revision = "copies_of_invoices"
down_revision = "books_compared"
branch_labels = None
depends_on = None

TEXT_DE = (
    "In Ihrem Konto laden Sie jede Rechnung kostenlos herunter. Hier senden wir Ihnen die einer Bestellung nach der"
    " Zahlung noch einmal per E-Mail, mit ihren Korrekturen."
)
TEXT_EN = (
    "In your account every invoice is free to download. Here we send that of an order once more by e-mail after the"
    " payment, with its corrections."
)
SEEDED_DE = "Die Rechnung selbst ist kostenlos. Wir suchen sie heraus und senden sie noch einmal per E-Mail."
"""A text that staff have written instead stays."""


def upgrade() -> None:
    services = sa.table(
        "special_services",
        *(sa.column(name) for name in ("code", "text_de", "text_en", "minutes")),
        sa.column("is_active", sa.Boolean()),
    )
    is_copy = services.c.code == "invoice-copy"
    op.execute(services.update().where(is_copy).values(is_active=True))
    op.execute(
        services.update()
        .where(is_copy, services.c.text_de == SEEDED_DE)
        .values(text_de=TEXT_DE, text_en=TEXT_EN, minutes=0)
    )


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")
