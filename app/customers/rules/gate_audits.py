"""The signed record of a gate audit: what is signed, how, and what a file of it must look like."""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

KIND = "schlicht gate audit"
VERSION = 1
ALGORITHM = "HMAC-SHA256"


class Trust(StrEnum):
    """What the signature of an audit says."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    CHANGED = "changed"


@dataclass(frozen=True)
class AuditRecord:
    """One walk: when, what each persona met on each route, what was found, and the signature of the walk before."""

    at: datetime
    request_count: int
    control_sightings: int
    cells: Mapping[str, Mapping[str, str]]
    findings: Sequence[Mapping[str, str]]
    previous_signature: str

    @property
    def document(self) -> dict[str, Any]:
        """The record as it is signed and written to a file."""
        return {
            "kind": KIND,
            "version": VERSION,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "is_tight": not self.findings and self.control_sightings > 0,
            "requests": self.request_count,
            "control_sightings": self.control_sightings,
            "matrix": {route: dict(row) for route, row in self.cells.items()},
            "findings": [dict(finding) for finding in self.findings],
            "previous_signature": self.previous_signature,
        }


def signature_of(document: Mapping[str, Any], *, secret_key: str) -> str:
    """The HMAC-SHA256 (64 hex digits) over the canonical JSON: keys sorted, no spaces, UTF-8.

    The key is derived from the installation's secret for this one purpose.
    """
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = hmac.digest(secret_key.encode(), b"derive\0gate_audit", "sha256")
    return hmac.digest(key, canonical.encode("utf-8", "surrogatepass"), "sha256").hex()


def trust_in(document: Mapping[str, Any], signature: str, *, secret_key: str) -> Trust:
    """Whether a document is as it was when it was signed with the key of this installation."""
    if not signature:
        return Trust.UNSIGNED
    expected = signature_of(document, secret_key=secret_key)
    is_ours = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))
    return Trust.SIGNED if is_ours else Trust.CHANGED


def to_file(document: Mapping[str, Any], signature: str) -> str:
    """The text of a file that carries an audit and its signature."""
    content = {"audit": document, "algorithm": ALGORITHM, "signature": signature}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def trust_in_file(text: str, *, secret_key: str) -> tuple[Trust, dict[str, Any]]:
    """What the signature in a file says, and the audit that it holds. Raises ValueError for another kind of file."""
    try:
        content = json.loads(text)
        document, signature = content["audit"], content["signature"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("this is no file of shop gate-audit --output") from error
    if not isinstance(document, dict) or not isinstance(signature, str) or document.get("kind") != KIND:
        raise ValueError("this is no file of shop gate-audit --output")
    return trust_in(document, signature, secret_key=secret_key), document
