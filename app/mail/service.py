"""Putting an e-mail into the outbox inside the caller's transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from app.jobs.service import insert_into, put_job
from app.mail.models import ATTEMPTS, UNDECIDED_DOMAIN, Mail, MailState


def put_mail(
    session: Session,
    kind: str,
    *,
    key: str,
    to: str,
    language: str,
    object_kind: str,
    object_id: int,
    now: datetime,
    secret_values: dict[str, Any] | None = None,
    attachments: Sequence[dict[str, Any]] = (),
    **values: Any,
) -> None:
    """Writes an e-mail and the job that sends it. A known key (one per cause) changes nothing.

    `values` are JSON for the templates of templates/mail/<kind>; `secret_values` are forgotten once it is sent;
    `attachments` name the papers that go with it.
    """
    row = {
        "kind": kind,
        "key": key,
        "message_id": f"<{uuid.uuid4()}{UNDECIDED_DOMAIN}",
        "to_address": to,
        "language": language,
        "values": values,
        "secret_values": secret_values,
        "attachments": list(attachments),
        "object_kind": object_kind,
        "object_id": object_id,
        "state": MailState.QUEUED,
        "attempt_count": 0,
        "created_at": now,
    }
    insert = insert_into(session, Mail).on_conflict_do_nothing(index_elements=["key"])
    written = session.execute(insert.returning(col(Mail.id)), row).scalar()
    if written is not None:
        key = f"send_mail:{written}"
        put_job(session, "send_mail", now=now, key=key, maximum_attempts=ATTEMPTS, mail_id=written)
