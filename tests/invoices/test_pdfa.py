"""The check of the PDF/A-3 traits finds each fault that is planted, and none in what the shop writes."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Dictionary, Name, Pdf

from app.invoices.paper import invoice_pdf
from tests.make_document import correction, document, prepayment
from tests.pdfa import embedded_xml, faults_of

XML = "<rsm:CrossIndustryInvoice>Łódź</rsm:CrossIndustryInvoice>".encode()
GOOD = invoice_pdf(document(), XML)


def _metadata(change: Callable[[bytes], bytes]) -> Callable[[Pdf], None]:
    def plant(pdf: Pdf) -> None:
        pdf.Root.Metadata.write(change(pdf.Root.Metadata.read_bytes()))

    return plant


def _second_rdf(packet: bytes) -> bytes:
    first, rest = packet.split(b'<rdf:Description rdf:about="" xmlns:fx=')
    declared = b'</rdf:RDF><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    return first + declared + b'<rdf:Description rdf:about="" xmlns:fx=' + rest


def _without_font_file(pdf: Pdf) -> None:
    font = next(iter(pdf.pages[0].Resources.Font.values()))
    del font.DescendantFonts[0].FontDescriptor["/FontFile2"]


def _script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _relationship(pdf: Pdf) -> None:
    pdf.Root.AF[0].AFRelationship = Name.Unspecified


def _other_name(pdf: Pdf) -> None:
    pdf.Root.Names.EmbeddedFiles.Names[0] = pikepdf.String("rechnung.xml")


def _other_type(pdf: Pdf) -> None:
    pdf.Root.AF[0].EF.F.Subtype = Name("/application/octet-stream")


def _remove(key: str) -> Callable[[Pdf], None]:
    def plant(pdf: Pdf) -> None:
        del pdf.Root[key]

    return plant


def _outside(pdf: Pdf) -> None:
    pdf.pages[0].Contents.F = pikepdf.String("https://elsewhere.example/page")


PLANTED: dict[str, tuple[Callable[[Pdf], None], str]] = {
    "two RDF": (_metadata(_second_rdf), "2 RDF in the metadata"),
    "another part": (
        _metadata(lambda packet: packet.replace(b"<pdfaid:part>3<", b"<pdfaid:part>1<")),
        "do not say PDF/A-3",
    ),
    "an undeclared property": (
        _metadata(lambda packet: packet.replace(b"<pdfaProperty:name>Version<", b"<pdfaProperty:name>Ver<")),
        "no schema declares fx:Version",
    ),
    "another profile": (
        _metadata(lambda packet: packet.replace(b">EN 16931<", b">BASIC<")),
        "fx:ConformanceLevel is not EN 16931",
    ),
    "no metadata": (_remove("/Metadata"), "there are no metadata"),
    "no colours": (_remove("/OutputIntents"), "no output intent"),
    "no associated file": (_remove("/AF"), "does not name the file as associated"),
    "another relationship": (_relationship, "said to be /Unspecified"),
    "another name": (_other_name, "attached is"),
    "another type": (_other_type, "of type /application/octet-stream"),
    "a font outside": (_without_font_file, "is not in the file"),
    "a script": (_script, "acts when it is opened"),
    "a page outside": (_outside, "lies outside of the file"),
}


@pytest.mark.parametrize(
    "made", [document(), correction(), prepayment(), document(language="en")], ids=["de", "381", "386", "en"]
)
def test_what_the_shop_writes_has_the_traits_of_pdf_a_3_and_its_data_inside(made: object) -> None:
    paper = invoice_pdf(made, XML)  # type: ignore[arg-type]

    assert faults_of(paper) == []
    assert embedded_xml(paper) == XML


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found_and_named(name: str) -> None:
    plant, said = PLANTED[name]
    with pikepdf.open(io.BytesIO(GOOD)) as pdf:
        plant(pdf)
        spoilt = io.BytesIO()
        pdf.save(spoilt, static_id=True)

    found = faults_of(spoilt.getvalue())

    assert [fault for fault in found if said in fault], found


def test_a_copy_without_fault_has_none_and_an_encrypted_one_is_found() -> None:
    with pikepdf.open(io.BytesIO(GOOD)) as pdf:
        copied, closed = io.BytesIO(), io.BytesIO()
        pdf.save(copied, static_id=True)
        pdf.save(closed, encryption=pikepdf.Encryption(owner="x", user=""))

    assert faults_of(copied.getvalue()) == []
    assert "the file is encrypted" in faults_of(closed.getvalue())
    assert faults_of(GOOD.replace(b"/ID [", b"/IX [")) == ["the file has no identifier"]
    assert faults_of(GOOD + b"more") == ["something stands behind the end of the file"]
