"""The staff's words for imports: states, columns with what they mean, and why something was refused."""

from app.core.errors import N_
from app.core.i18n import translate
from app.imports.models import Import
from app.imports.rules.block_columns import STOOD_IN
from app.imports.rules.states import ImportKind, ImportState
from app.mainbrand.rules.faults import WITH_VALUES
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from app.web.admin.block_words import IMPORT_COLUMNS as BLOCK_COLUMNS
from app.web.admin.reasons import pattern_of
from app.web.admin.words import Word

KINDS = {
    ImportKind.ACCOUNTS: N_("Main accounts"),
    ImportKind.PURCHASES: N_("Purchases"),
    ImportKind.BLOCKS: N_("Blocks"),
}
STATES = {
    ImportState.UPLOADED: Word(N_("being looked at")),
    ImportState.MAPPING: Word(N_("columns to choose"), "signal"),
    ImportState.CHECKING: Word(N_("dry run under way")),
    ImportState.CHECKED: Word(N_("to decide"), "signal"),
    ImportState.APPLYING: Word(N_("being imported"), "warn"),
    ImportState.APPLIED: Word(N_("imported"), "ok"),
    ImportState.UNDONE: Word(N_("undone")),
    ImportState.FAILED: Word(N_("file refused"), "bad"),
    ImportState.CANCELLED: Word(N_("broken off")),
}
NUMBER_STYLES = {
    NumberStyle.PLAIN: N_("refuse such a number"),
    NumberStyle.GERMAN: N_("German: 1.234 is one thousand two hundred and thirty-four"),
    NumberStyle.ENGLISH: N_("English: 1.234 is a little more than one"),
}
DATE_STYLES = {
    DateStyle.PLAIN: N_("refuse such a date"),
    DateStyle.DAY_FIRST: N_("day first: 03/04/2026 is 3 April"),
    DateStyle.MONTH_FIRST: N_("month first: 03/04/2026 is 4 March"),
}
COLUMNS: dict[ImportKind, dict[str, tuple[str, str]]] = {
    ImportKind.ACCOUNTS: {
        "account_number": (
            N_("Account number"),
            N_(
                "The customer number at the main brand. By it a line finds its account, so it stands there once."
            ),
        ),
        "company_name": (N_("Company name"), N_("As in the register, with or without its legal form.")),
        "legal_form": (N_("Legal form"), N_("GmbH, KG, e. K. … where it is not part of the name.")),
        "vat_id": (N_("VAT id"), N_("Such as DE 136 695 976. The surest way to recognise a company.")),
        "register_number": (N_("Register number"), N_("Such as HRB 12345; it counts only with its court.")),
        "register_court": (N_("Register court"), N_("The town of the court is enough: Leipzig.")),
        "street": (N_("Street"), N_("With the number of the house.")),
        "postal_code": (N_("Postal code"), N_("A leading zero that a spreadsheet took away is put back.")),
        "city": (N_("City"), N_("The place of the company's address.")),
        "country": (N_("Country"), N_("Code or name; empty means Germany.")),
        "email": (
            N_("E-mail address"),
            N_("Only the company's own domain is kept, never the address. Free-mail is left out."),
        ),
        "email_domain": (N_("E-mail domain"), N_("Instead of an address: company.example.")),
        "phone": (N_("Phone"), N_("In any notation.")),
        "segment": (N_("Segment"), N_("A, B or C as the main brand sorts them; empty where it does not.")),
        "revenue_12m": (
            N_("Revenue in 12 months"),
            N_("Net, in euros. It sorts companies without a segment."),
        ),
        "sales_contact": (N_("Sales contact"), N_("Whom an A- or B-customer is sent to.")),
        "web_domain": (
            N_("Web domain"),
            N_("The company's own pages; those at social networks are left out."),
        ),
        "trade_names": (
            N_("Trade names"),
            N_("Other names it is known by; several are parted by semicolons."),
        ),
        "earlier_names": (N_("Earlier names"), N_("Names it once had; several are parted by semicolons.")),
        "contact_name": (N_("Contact person"), N_("The person there, not at the main brand.")),
        "headcount": (N_("Headcount"), N_("A whole number of people.")),
        "industry": (N_("Industry"), N_("In any words.")),
        "sales_judgement": (N_("Sales' judgement"), N_("Will it grow? high, even or low.")),
    },
    ImportKind.PURCHASES: {
        "invoice": (N_("Invoice"), N_("The number of the invoice.")),
        "stock_code": (N_("Article number"), N_("What was bought.")),
        "description": (N_("Article"), N_("What it is called; the first 300 characters are kept.")),
        "quantity": (N_("Quantity"), N_("Negative for a return.")),
        "invoice_ts": (N_("Date"), N_("Of the invoice, with or without the time: 2026-01-31 or 31.01.2026.")),
        "unit_price": (N_("Price of one"), N_("Net. Zero is a free sample.")),
        "customer_id": (N_("Account number"), N_("Who bought it. A line without it rates nobody.")),
        "country": (N_("Country"), N_("Where it was sent to.")),
        "is_cancellation": (N_("Cancellation"), N_("Yes or no; a cancellation has a negative quantity.")),
        "line_kind": (
            N_("Kind of line"),
            N_("product, or non_product for postage and fees, which count for no revenue."),
        ),
        "currency": (N_("Currency"), N_("Three letters; without it the currency below counts.")),
    },
    ImportKind.BLOCKS: BLOCK_COLUMNS,
}
"""For each column of each kind its name and what it means, not translated yet."""
SAMPLES = {
    ImportKind.ACCOUNTS: (
        "Kundennummer;Firma;Rechtsform;USt-IdNr.;Registernummer;Registergericht;Straße;PLZ;Ort;Land;E-Mail;Telefon;"
        "Segment;Umsatz 12 Monate;Vertrieb\r\n"
        "70001;Quastenhof Metallbau GmbH;GmbH;DE 136 695 976;HRB 12345;Leipzig;Werkhof 4;04177;Leipzig;DE;"
        "einkauf@quastenhof.example;+49 30 23125 101;A;84.500,00;Ina Muster, +49 30 23125 102\r\n"
        "70002;Binsengrund Holztechnik;e. K.;;HRA 678;Chemnitz;Am Anger 1;09111;Chemnitz;DE;"
        "info@binsengrund.example;+49 30 23125 103;C;1.240,50;\r\n"
        "70003;Kieselbach Werkzeuge KG;KG;;;;Lange Gasse 12;80331;München;DE;;+49 89 99998 104;;12.300,00;\r\n"
    ),
    ImportKind.PURCHASES: (
        "Rechnungsnummer;Artikelnummer;Bezeichnung;Menge;Rechnungsdatum;Einzelpreis;Kundennummer;Zeilenart;Währung\r\n"
        "R-2026-0001;DI-100;Dichtung 100 mm;12;05.01.2026;4,90;70002;product;EUR\r\n"
        "R-2026-0001;VERSAND;Versandkosten;1;05.01.2026;9,00;70002;non_product;EUR\r\n"
        "R-2026-0007;DI-100;Dichtung 100 mm (Rückgabe);-2;19.01.2026;4,90;70002;product;EUR\r\n"
    ),
    ImportKind.BLOCKS: (
        "Artikelnummer;Name Deutsch;Name Englisch;Art;Einheit;Stückkosten;Hauptmarkenpreis;Vorlaufzeit;USt;Bezugsart;"
        "Partner;Partneranteil;Gewicht g;Verpackung;Verpackungskosten;Gefahrgut;CPV\r\n"
        "DI-100;Dichtung 100 mm;Seal 100 mm;Ersatzteil;Stk;1,80;4,90;3;19;eigen;;;40;Beutel;0,05;nein;44440000-6\r\n"
        "OEL-5;Kettenöl;Chain oil;Pflegemittel;l;3,10;7,50;3;19;white label;Ölmühle Quastenhof;;950;Kanister;0,30;"
        "nein;\r\n"
        "HA-2;Welle gehärtet;Hardened shaft;Halbfertigteil;Stk;12,00;29,00;9;19;Spezialist;Härterei Binsengrund;4,50;"
        "1800;Karton;0,80;nein;\r\n"
    ),
}
"""Made-up lists to try the wizard with, and to see how a list may look."""

_PATTERNS = {sentence: pattern_of(sentence) for sentence in (*WITH_VALUES, STOOD_IN)}


def fault_text(stored: str, *, language: str) -> str:
    """Why a line or a part of a file was refused, in the reader's language."""
    for sentence, pattern in _PATTERNS.items():
        found = pattern.fullmatch(stored)
        if found:
            return translate(language, sentence, **found.groupdict())
    return translate(language, stored)


def error_text(entry: Import, *, language: str) -> str:
    """Why a file was refused, in the reader's language; empty where it was not."""
    if not entry.error_text:
        return ""
    values = dict(entry.error_values)
    if "why" in values:
        values["why"] = fault_text(values["why"], language=language)
    return translate(language, entry.error_text, **values)
