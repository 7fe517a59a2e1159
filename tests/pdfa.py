"""What PDF/A-3 and ZUGFeRD ask of a paper, as a list of what is wrong with one; a subset, no proof of conformance."""

import io
import re
from collections.abc import Iterator

import pikepdf
from lxml import etree
from pikepdf import Array, Dictionary, Name

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "ext": "http://www.aiim.org/pdfa/ns/extension/",
    "schema": "http://www.aiim.org/pdfa/ns/schema#",
    "property": "http://www.aiim.org/pdfa/ns/property#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
}
EXPECTED = {
    "DocumentType": "INVOICE",
    "DocumentFileName": "factur-x.xml",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
ALLOWED_FILTERS = {"/FlateDecode", "/DCTDecode", "/ASCIIHexDecode", "/ASCII85Decode", "/RunLengthDecode"}
FORBIDDEN_ACTIONS = {
    "/JavaScript", "/Launch", "/Sound", "/Movie", "/ResetForm", "/ImportData", "/Hide", "/SetOCGState",
    "/Rendition", "/Trans", "/GoTo3DView",
}  # fmt: skip


def faults_of(paper: bytes) -> list[str]:
    """What is wrong with a paper that should be PDF/A-3b with a factur-x.xml; empty for a good one."""
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        return [
            *_faults_of_file(paper, pdf),
            *_faults_of_metadata(pdf),
            *_faults_of_colours(pdf),
            *_faults_of_fonts(pdf),
            *_faults_of_attachment(pdf),
            *_faults_of_objects(pdf),
        ]


def embedded_xml(paper: bytes) -> bytes:
    """The data inside a paper, as a bookkeeping programme takes them out."""
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        return bytes(pdf.attachments["factur-x.xml"].get_file().read_bytes())


def _faults_of_file(paper: bytes, pdf: pikepdf.Pdf) -> Iterator[str]:
    # ISO 19005-3, 6.1.2 and 6.1.3.
    if not re.match(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}", paper):
        yield "the file does not begin as binary PDF 1"
    if not paper.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "something stands behind the end of the file"
    if pdf.is_encrypted:
        yield "the file is encrypted"
    if not re.search(rb"/ID ?\[ ?<[0-9A-Fa-f]+> ?<[0-9A-Fa-f]+> ?\]", paper[-2_000:]):
        yield "the file has no identifier"


def _faults_of_metadata(pdf: pikepdf.Pdf) -> Iterator[str]:
    # 6.6.2 and 6.6.4; the properties of Factur-X need a schema that declares each of them.
    if "/Metadata" not in pdf.Root:
        yield "there are no metadata"
        return
    packet = etree.fromstring(pdf.Root.Metadata.read_bytes())
    found = packet.xpath("//rdf:RDF", namespaces=NAMES)
    if len(found) != 1:
        yield f"{len(found)} RDF in the metadata, of which readers see the first"
    first = found[0]
    if _text(first, ".//pdfaid:part") != "3" or _text(first, ".//pdfaid:conformance") not in ("B", "U", "A"):
        yield "the metadata do not say PDF/A-3"
    if not _text(first, ".//dc:title//rdf:li"):
        yield "the metadata say no title"
    for name, value in EXPECTED.items():
        if _text(first, f"./rdf:Description/fx:{name}") != value:
            yield f"fx:{name} is not {value}"
    declared = first.xpath(
        ".//ext:schemas//rdf:li[schema:namespaceURI=$uri]//property:name/text()",
        uri=NAMES["fx"],
        namespaces=NAMES,
    )
    for name in sorted(EXPECTED.keys() - set(declared)):
        yield f"no schema declares fx:{name}"


def _faults_of_colours(pdf: pikepdf.Pdf) -> Iterator[str]:
    # 6.2.3: text in grey is defined by the output intent alone.
    intents = [one for one in pdf.Root.get("/OutputIntents", Array()) if one.get("/S") == Name.GTS_PDFA1]
    if len(intents) != 1 or "/DestOutputProfile" not in intents[0]:
        yield "no output intent says what the colours are"
    elif intents[0].DestOutputProfile.read_bytes()[36:40] != b"acsp":
        yield "the output intent holds no ICC profile"


def _faults_of_fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    # 6.2.11.4: every font of every page is in the file.
    fonts = {
        str(font.BaseFont): font
        for page in pdf.pages
        for font in page.Resources.get("/Font", Dictionary()).values()
    }
    if not fonts:
        yield "no page has a font"
    for name, font in fonts.items():
        holder = font.DescendantFonts[0] if font.Subtype == Name.Type0 else font
        descriptor = holder.get("/FontDescriptor", Dictionary())
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys()):
            yield f"the font {name} is not in the file"
        if "/ToUnicode" not in font:
            yield f"the text in {name} cannot be copied"
        if font.Subtype == Name.Type0 and "/CIDToGIDMap" not in holder:
            yield f"the font {name} does not say which glyph is which"


def _faults_of_attachment(pdf: pikepdf.Pdf) -> Iterator[str]:
    # 6.8 and annex E: an associated file of the document, by name, with its type and relationship.
    names = list(pdf.attachments.keys())
    if names != ["factur-x.xml"]:
        yield f"attached is {names}"
        return
    associated = list(pdf.Root.get("/AF", Array()))
    if len(associated) != 1 or str(associated[0].get("/UF", "")) != "factur-x.xml":
        yield "the document does not name the file as associated"
        return
    file = associated[0]
    if str(file.get("/F", "")) != "factur-x.xml" or file.get("/Type") != Name.Filespec:
        yield "the file has not both of its names"
    if file.get("/AFRelationship") != Name.Alternative:
        yield f"the file is said to be {file.get('/AFRelationship')}"
    stream = file.EF.F
    if stream.get("/Subtype") != Name("/text/xml"):
        yield f"the file is of type {stream.get('/Subtype')}"
    if "/ModDate" not in stream.get("/Params", Dictionary()):
        yield "the file says not when it was made"


def _faults_of_objects(pdf: pikepdf.Pdf) -> Iterator[str]:
    # 6.1.7, 6.5.1, 6.6.1: nothing that acts, nothing outside of the file, no filter that archives cannot read.
    if "/AA" in pdf.Root or (
        isinstance(pdf.Root.get("/OpenAction"), Dictionary) and pdf.Root.OpenAction.get("/S") != Name.GoTo
    ):
        yield "the document acts when it is opened"
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Stream):
            filters = thing.get("/Filter", Array())
            for one in [filters] if isinstance(filters, Name) else list(filters):
                if str(one) not in ALLOWED_FILTERS:
                    yield f"a stream is filtered by {one}"
            if "/F" in thing:
                yield "a stream lies outside of the file"
        if isinstance(thing, Dictionary) and str(thing.get("/S", "")) in FORBIDDEN_ACTIONS:
            yield f"an action {thing.S}"


def _text(node: etree._Element, path: str) -> str:
    found = node.find(path, namespaces=NAMES)
    return (found.text or "").strip() if found is not None else ""
