"""The price list of special services begins with what a shop of this kind needs; staff edit it."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import app.core.db

revision = "price_list_of_services"
down_revision = "refunds_of_lines"
branch_labels = None
depends_on = None

# Code and kind, names, texts, units, net price in cents, minutes. Nothing here costs what the law gives for nothing.
SERVICES = (
    (
        ("invoice-copy", "invoice_copy"),
        ("Weitere Kopie einer Rechnung", "Further copy of an invoice"),
        (
            "Die Rechnung selbst ist kostenlos. Wir suchen sie heraus und senden sie noch einmal per E-Mail.",
            "The invoice itself is free. We look it up and send it once more by e-mail.",
        ),
        ("je Rechnung", "per invoice"),
        (490, 5),
    ),
    (
        ("address-change", "address_change"),
        ("Änderung der Lieferanschrift", "Change of the delivery address"),
        (
            "Nach der Bestellung, solange sie noch nicht versandt ist, im selben Land. Die Änderung gilt sofort nach"
            " der Zahlung.",
            "After the order, as long as it has not left, within the same country. The change counts at once after the"
            " payment.",
        ),
        ("je Bestellung", "per order"),
        (990, 10),
    ),
    (
        ("split-delivery", "split_delivery"),
        ("Teillieferung", "Split delivery"),
        (
            "Wir versenden in zwei Paketen, was zuerst da ist, zuerst. Schreiben Sie uns, was vorgeht. Bei der"
            " Bestellung steht die Sendungsnummer des ersten Pakets; die des zweiten schreiben wir Ihnen per E-Mail,"
            " sobald es unterwegs ist.",
            "We send two parcels, first what is there first. Tell us what matters most. The order shows the tracking"
            " code of the first parcel; we write you that of the second by e-mail once it is on its way.",
        ),
        ("je Bestellung", "per order"),
        (1490, 15),
    ),
    (
        ("phone-help", "phone_help"),
        ("Hilfe am Telefon", "Help by phone"),
        (
            "Ein Mensch ruft Sie an. Reklamationen kosten nichts: Dafür gibt es das Formular.",
            "A person calls you. Complaints cost nothing: there is a form for them.",
        ),
        ("je angefangene 15 Minuten", "per started 15 minutes"),
        (2900, 15),
    ),
    (
        ("paper-certificate", "paper_certificate"),
        ("Zeugnis oder Datenblatt auf Papier", "Certificate or data sheet on paper"),
        (
            "Gedruckt und mit der Post. Sicherheitsdatenblätter sind kostenlos, auch auf Papier: Schreiben Sie uns.",
            "Printed and by post. Safety data sheets are free, on paper too: write to us.",
        ),
        ("je Bestellung", "per order"),
        (1200, 10),
    ),
    (
        ("storage", "storage"),
        ("Lagerung über den Versandtag hinaus", "Storage beyond the day of dispatch"),
        (
            "Wir behalten die bezahlte Ware bei uns und versenden sie mit dem ersten Versandlauf nach Ihrem Termin.",
            "We keep the paid goods and send them with the first dispatch run after your date.",
        ),
        ("je angefangene Woche", "per started week"),
        (900, 10),
    ),
    (
        ("field-visit", "field_visit"),
        ("Besuch vor Ort", "Field visit"),
        (
            "Nur als begründete Ausnahme, nach Freigabe und zu dem Preis des Angebots.",
            "Only as a justified exception, after approval and at the price of the offer.",
        ),
        ("je Besuch", "per visit"),
        (39000, 240),
    ),
)

# There are no invoices yet of which a copy could be had.
NOT_YET = ("invoice-copy",)


def upgrade() -> None:
    table = sa.table(
        "special_services",
        *(sa.column(name) for name in ("code", "kind", "name_de", "name_en", "text_de", "text_en")),
        *(
            sa.column(name)
            for name in ("unit_de", "unit_en", "price_cents", "vat_rate_bp", "minutes", "position")
        ),
        sa.column("is_active", sa.Boolean()),
        sa.column("changed_at", app.core.db.UTCDateTime(timezone=True)),
    )
    rows = []
    for position, (code, names, texts, units, (price_cents, minutes)) in enumerate(SERVICES, start=1):
        rows.append(
            {
                **dict(zip(("code", "kind"), code, strict=True)),
                **dict(zip(("name_de", "name_en"), names, strict=True)),
                **dict(zip(("text_de", "text_en"), texts, strict=True)),
                **dict(zip(("unit_de", "unit_en"), units, strict=True)),
                "price_cents": price_cents,
                "vat_rate_bp": 1900,
                "minutes": minutes,
                "position": position,
                "is_active": code[0] not in NOT_YET,
                "changed_at": datetime(2026, 11, 26, tzinfo=UTC),
            }
        )
    op.bulk_insert(table, rows)


def downgrade() -> None:
    raise NotImplementedError("What was added here cannot be taken away again: restore the backup instead.")
