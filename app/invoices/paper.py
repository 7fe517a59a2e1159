"""An invoice as a business letter in PDF/A-3b, its EN 16931 data embedded as factur-x.xml (ZUGFeRD)."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from app.core.errors import N_
from app.core.letter import Letter, Line, Sum
from app.core.pdf import Attachment, Column
from app.invoices.paper_words import GROSS, PaperWords, full_name
from app.invoices.rules.document import Document, Party

XML_NAME = "factur-x.xml"
LEGAL = "REG"
"""The subject of the note that says who the company is in law: the foot of the letter."""
SUMS_MM = 126.0

# What PDF/A asks for properties that are not its own: a schema that names them (ISO 19005-3, 6.6.2.3). Which
# properties, in which namespace, and the name of the profile: ZUGFeRD / Factur-X 1.0.
_NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = {
    "DocumentType": ("INVOICE", "what the embedded data are"),
    "DocumentFileName": (XML_NAME, "name of the embedded file"),
    "Version": ("1.0", "version of the format of the embedded data"),
    "ConformanceLevel": ("EN 16931", "profile of the embedded data"),
}


def invoice_pdf(document: Document, xml: bytes) -> bytes:
    """The document as PDF/A-3b with `xml` embedded; the same document and XML give the same bytes.

    It says all that the XML says, in the document's language, and reads nothing but the document: a copy made years
    later is the same.
    """
    words = PaperWords(document)
    letter = Letter(
        title=words.title,
        language=document.language,
        made_at=datetime.combine(document.issued_on, time(12), tzinfo=UTC),
        head=document.seller_facts.brand,
        footer=_foot(document, words),
        for_archive=True,
        attachments=[
            Attachment(XML_NAME, xml, "text/xml", words.say(N_("The data of this document (EN 16931)")))
        ],
        more_metadata=_metadata(),
    )
    letter.window(_sender(document), _address(document, words), words.facts())
    letter.heading(words.title)
    _write_opening(letter, document)
    _write_lines(letter, document, words)
    _write_sums(letter, document, words)
    _write_closing(letter, document, words)
    return letter.to_bytes()


def _sender(document: Document) -> str:
    seller = document.seller
    name = full_name(seller.name, document.seller_facts.legal_form)
    return " · ".join((name, seller.street, f"{seller.postal_code} {seller.city}"))


def _address(document: Document, words: PaperWords) -> list[str]:
    buyer = document.buyer
    # A sole trader is company and person at once.
    names = dict.fromkeys(name for name in (buyer.name, buyer.contact_name) if name)
    return [*names, *words.place(buyer, home=document.seller.country)]


def _foot(document: Document, words: PaperWords) -> list[list[str]]:
    """What a business letter says of the company (§ 35 a GmbHG) and how it is reached, in three columns."""
    seller, facts, say = document.seller, document.seller_facts, words.say
    name = full_name(seller.name, facts.legal_form)
    columns = [
        [
            f"{facts.brand} {say(N_('is a brand of %(company)s'), company=name)}",
            seller.street,
            f"{seller.postal_code} {seller.city}",
        ],
        [
            say(N_("Registered office: %(city)s"), city=seller.city),
            ", ".join(part for part in (facts.register_court, facts.register_number) if part),
            say(N_("Managing directors: %(names)s"), names=facts.managing_directors),
        ],
        [
            say(N_("VAT id: %(vat_id)s"), vat_id=seller.vat_id) if seller.vat_id else "",
            say(N_("Tax number: %(number)s"), number=facts.tax_number) if facts.tax_number else "",
            seller.contact_name,
            seller.email,
            seller.phone,
        ],
    ]
    return [[line for line in column if line] for column in columns]


def _write_opening(letter: Letter, document: Document) -> None:
    for note in document.notes:
        if note.subject != LEGAL:
            letter.paragraph(note.text)


def _write_lines(letter: Letter, document: Document, words: PaperWords) -> None:
    say = words.say
    columns = [
        Column(say(N_("No.")), 0.6),
        Column(say(N_("Description")), 4.2),
        Column(say(N_("Quantity")), 1.3, "right"),
        Column(say(N_("Net price")), 1.6, "right"),
        Column(say(N_("VAT")), 0.85, "right"),
        Column(say(N_("Net amount")), 1.5, "right"),
    ]
    rows = [
        Line(
            (
                str(number),
                line.name,
                words.quantity(line, line.quantity),
                words.price(line),
                words.rate(line),
                words.money(line.net_cents),
            ),
            notes=(line.description,) if line.description else (),
        )
        for number, line in enumerate(document.lines, start=1)
    ]
    letter.lines(columns, rows, notes_at=1)


def _write_sums(letter: Letter, document: Document, words: PaperWords) -> None:
    letter.sums(_net_sums(document, words), width_mm=SUMS_MM)
    say = words.say
    letter.table(
        [
            Column(say(N_("VAT rate")), 1.4),
            Column(say(N_("Net amount")), 1.6, "right"),
            Column(say(N_("VAT")), 1.6, "right"),
            Column(say(N_("With VAT")), 1.6, "right"),
        ],
        [
            (
                words.rate(tax),
                words.money(tax.net_cents),
                words.money(tax.vat_cents),
                words.money(tax.net_cents + tax.vat_cents),
            )
            for tax in document.taxes
        ],
    )
    letter.sums(_gross_sums(document, words), width_mm=SUMS_MM)


def _net_sums(document: Document, words: PaperWords) -> Iterator[Sum]:
    say = words.say
    yield Sum(say(N_("Items, net")), words.money(document.lines_net_cents))
    for charge in document.charges:
        label = say(N_("%(name)s, VAT %(rate)s"), name=charge.name, rate=words.rate(charge))
        yield Sum(label, words.money(charge.net_cents))
    if len(document.charges) > 1:
        yield Sum(say(N_("Charges, net")), words.money(document.charges_net_cents))
    if document.charges:
        yield Sum(say(N_("Total, net")), words.money(document.net_cents))


def _gross_sums(document: Document, words: PaperWords) -> Iterator[Sum]:
    say, paid = words.say, document.paid
    if len(document.taxes) > 1:
        yield Sum(say(N_("VAT in total")), words.money(document.vat_cents))
    yield Sum(say(GROSS[document.kind]), words.money(document.gross_cents), is_strong=True)
    if paid is not None:
        yield Sum(words.paid(), words.money(paid.amount_cents))
        left = N_("Left to pay back") if words.is_correction else N_("Left to pay")
        yield Sum(say(left), words.money(document.gross_cents - paid.amount_cents))


def _write_closing(letter: Letter, document: Document, words: PaperWords) -> None:
    for note in dict.fromkeys(tax.exemption_note for tax in document.taxes if tax.exemption_note):
        letter.paragraph(note)
    if document.ship_to is not None:
        letter.paragraph(words.say(N_("Delivered to: %(address)s"), address=_one_line(document, words)))
    if document.payment_terms:
        letter.paragraph(document.payment_terms)


def _one_line(document: Document, words: PaperWords) -> str:
    party: Party | None = document.ship_to
    assert party is not None
    names = dict.fromkeys(name for name in (party.name, party.contact_name) if name)
    return ", ".join([*names, *words.place(party, home=document.seller.country)])


def _metadata() -> str:
    """The properties of ZUGFeRD and the schema that declares them, as descriptions for the one RDF of the paper."""
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
    declared = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        for name, (_, meaning) in _PROPERTIES.items()
    )
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_NAMESPACE}">{values}</rdf:Description>\n'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
        ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_NAMESPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{declared}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
    )
