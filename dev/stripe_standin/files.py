"""Files that are uploaded as evidence: what they are by their first bytes, and never too large."""

import hashlib
import json
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import UploadFile

from dev.stripe_standin.errors import Json, refused
from dev.stripe_standin.world import World

LARGEST_EVIDENCE_BYTES = 5_000_000
_KINDS = ((b"%PDF-", "pdf"), (b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"))


async def as_text(request: Request) -> str:
    """A multipart form as the urlencoded text that the other requests are; a file becomes what is known of it."""
    form = await request.form()
    pairs = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            facts = {
                "filename": value.filename or "blob",
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "kind": next((kind for start, kind in _KINDS if content.startswith(start)), ""),
            }
            pairs.append((name, json.dumps(facts)))
        else:
            pairs.append((name, value))
    await form.close()
    return urlencode(pairs)


def create(world: World, params: Json) -> Json:
    """Keeps an uploaded file. Raises StripeError for another purpose or kind, and for one that is too large."""
    if params["purpose"] != "dispute_evidence":
        raise refused("The local stand-in keeps only files of purpose dispute_evidence.", param="purpose")
    try:
        facts = json.loads(params["file"])
        name, size, kind = facts["filename"], facts["size"], facts["kind"]
    except (ValueError, TypeError, KeyError) as error:
        raise refused("The file must be sent as multipart/form-data.", param="file") from error
    if not kind:
        raise refused("Evidence files must be PDF, JPEG or PNG.", param="file", code="file_type_invalid")
    if size > LARGEST_EVIDENCE_BYTES:
        raise refused("Evidence files may be up to 5 MB large.", param="file", code="file_too_large")
    return world.store.save(
        {
            "id": world.store.new_id("file"),
            "object": "file",
            "created": world.store.now(),
            "expires_at": None,
            "filename": name,
            "links": None,
            "purpose": params["purpose"],
            "size": size,
            "title": None,
            "type": kind,
            "url": None,
            "_sha256": facts["sha256"],
        }
    )
