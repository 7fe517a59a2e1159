"""The tables of the books as files: the names of their columns, and what stands in them."""

from app.books.rules.gdpdu import Column, Kind, Table

TEXT, COUNT, AMOUNT, DAY = Kind.TEXT, Kind.COUNT, Kind.AMOUNT, Kind.DAY

DOCUMENTS = Table(
    "documents.csv",
    "Belege",
    "Rechnungen, Anzahlungsrechnungen und Rechnungskorrekturen; Beträge sind positiv, auch die von Korrekturen",
    (
        Column("number", TEXT, "Belegnummer"),
        Column(
            "kind", TEXT, "invoice: Rechnung, prepayment: Anzahlungsrechnung, correction: Rechnungskorrektur"
        ),
        Column("issued_on", DAY, "Belegdatum"),
        Column("supplied_on", DAY, "Tag der Lieferung oder Leistung"),
        Column("paid_on", DAY, "Tag der Zahlung"),
        Column("taxed_on", DAY, "Tag, in dessen Monat die Umsatzsteuer entsteht (§ 13 UStG)"),
        Column("order_number", TEXT, "Nummer der Bestellung"),
        Column("corrects", TEXT, "Nummer des Belegs, den eine Korrektur betrifft"),
        Column("buyer_name", TEXT, "Empfänger"),
        Column("buyer_vat_id", TEXT, "USt-IdNr. des Empfängers"),
        Column("buyer_country", TEXT, "Land des Empfängers"),
        Column("vat_case", TEXT, "Umsatzsteuerfall der Bestellung"),
        Column("net", AMOUNT, "Netto in Euro"),
        Column("vat", AMOUNT, "Umsatzsteuer in Euro"),
        Column("gross", AMOUNT, "Brutto in Euro"),
        Column("xml_sha256", TEXT, "SHA-256 der XML-Datei, wie sie beim Ausstellen gespeichert wurde"),
        Column("pdf_sha256", TEXT, "SHA-256 der PDF-Datei, wie sie beim Ausstellen gespeichert wurde"),
        Column("retain_until", DAY, "letzter Tag der Aufbewahrung"),
    ),
)
TAXES = Table(
    "document_taxes.csv",
    "Steuern der Belege",
    "Netto und Umsatzsteuer je Beleg, Kategorie und Satz",
    (
        Column("number", TEXT, "Belegnummer"),
        Column("category", TEXT, "Kategorie nach EN 16931 (UNTDID 5305)"),
        Column("rate_percent", AMOUNT, "Steuersatz in Prozent"),
        Column("net", AMOUNT, "Netto in Euro"),
        Column("vat", AMOUNT, "Umsatzsteuer in Euro"),
    ),
    key_count=3,
)
MONEY = Table(
    "money.csv",
    "Zahlungsbewegungen",
    "Was mit dem Geld jeder Bestellung geschah",
    (
        Column("id", COUNT, "laufende Nummer"),
        Column("at", TEXT, "Zeitpunkt (UTC)"),
        Column("booked_on", DAY, "Buchungstag"),
        Column("kind", TEXT, "Art der Bewegung"),
        Column("amount", AMOUNT, "Betrag in Euro, immer positiv"),
        Column("held", AMOUNT, "um wie viel sich der Bestand ändert, in Euro"),
        Column("order_number", TEXT, "Nummer der Bestellung"),
        Column("stripe_id", TEXT, "Kennung beim Zahlungsdienst"),
    ),
)
ORDERS = Table(
    "orders.csv",
    "Bestellungen",
    "Bestellungen, zu denen es im Zeitraum Belege oder Zahlungen gibt",
    (
        Column("number", TEXT, "Nummer"),
        Column("customer_number", TEXT, "Kundennummer"),
        Column("company_name", TEXT, "Firma"),
        Column("country", TEXT, "Lieferland"),
        Column("kind", TEXT, "Ware, Leistung oder Ersatz"),
        Column("state", TEXT, "Stand"),
        Column("placed_at", TEXT, "bestellt (UTC)"),
        Column("accepted_at", TEXT, "angenommen (UTC)"),
        Column("dispatched_at", TEXT, "versandt oder erledigt (UTC)"),
        Column("cancelled_at", TEXT, "storniert (UTC)"),
        Column("vat_case", TEXT, "Umsatzsteuerfall"),
        Column("goods_net", AMOUNT, "Waren netto in Euro"),
        Column("charges_net", AMOUNT, "Zuschläge netto in Euro"),
        Column("vat", AMOUNT, "Umsatzsteuer in Euro"),
        Column("gross", AMOUNT, "Brutto in Euro"),
        Column("purchase_reference", TEXT, "Bestellzeichen des Kunden"),
    ),
)
AUDIT = Table(
    "audit_log.csv",
    "Protokoll",
    "Wer im Zeitraum was geändert hat, mit altem und neuem Wert (JSON)",
    (
        Column("id", COUNT, "laufende Nummer"),
        Column("at", TEXT, "Zeitpunkt (UTC)"),
        Column("actor_kind", TEXT, "Person, Befehl oder Programm"),
        Column("actor_name", TEXT, "Name"),
        Column("action", TEXT, "Vorgang"),
        Column("object_kind", TEXT, "Art der Sache"),
        Column("object_name", TEXT, "Sache"),
        Column("reason", TEXT, "Grund"),
        Column("old", TEXT, "vorher"),
        Column("new", TEXT, "nachher"),
    ),
)
CLOSES = Table(
    "month_closes.csv",
    "Monatsabschlüsse",
    "Abgeschlossene Monate mit ihrem Siegel",
    (
        Column("month", TEXT, "Monat"),
        Column("closed_at", TEXT, "abgeschlossen (UTC)"),
        Column("closed_by", TEXT, "von"),
        Column("document_count", COUNT, "Belege"),
        Column("open_count", COUNT, "was noch offen war"),
        Column("reason", TEXT, "Grund dafür"),
        Column("sha256", TEXT, "Siegel über Belege, Zahlungen und den Abschluss davor"),
    ),
)
FILES = Table(
    "files.csv",
    "Dateien",
    "Alle Dateien dieses Exports mit ihrer Prüfsumme",
    (
        Column("path", TEXT, "Pfad"),
        Column("document", TEXT, "Belegnummer"),
        Column("bytes", COUNT, "Größe in Bytes"),
        Column("sha256", TEXT, "SHA-256"),
    ),
)
EXPORTED = (DOCUMENTS, TAXES, MONEY, ORDERS, AUDIT, CLOSES, FILES)
"""All tables of an export."""


def euros(cents: int) -> str:
    """An amount with a sign where it is negative, a comma and two decimals; no grouping."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"
