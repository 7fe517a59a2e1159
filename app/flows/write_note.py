"""Somebody writes down what a customer really uses a block or a bundle for."""

from datetime import date, datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.catalogue.models import Block, BlockNote, Bundle
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction

LONGEST_NOTE = 2_000


def write_note(
    session: Session,
    *,
    block_id: int | None = None,
    bundle_id: int | None = None,
    text: str,
    visited_on: date | None,
    actor: Actor,
    today: date,
    now: datetime,
) -> int:
    """Attaches a note to a block or to a bundle (one of the two ids); returns the note's id.

    Raises NotFound for what does not exist, Invalid for an empty or too long text, or a visit in the future.
    """
    text = text.strip()
    faults = []
    if not 1 <= len(text) <= LONGEST_NOTE:
        faults.append(FieldError("text", N_("Please write a note of at most 2,000 characters.")))
    if visited_on is not None and visited_on > today:
        faults.append(FieldError("visited_on", N_("Please give a day that has come already.")))
    if faults:
        raise Invalid(N_("Please check the entries."), code="note.invalid", fields=tuple(faults))
    with transaction(session):
        subject = session.get(Block, block_id) if block_id is not None else session.get(Bundle, bundle_id)
        if subject is None:
            raise NotFound(N_("There is no such block or bundle."), code="note.no_subject")
        note = BlockNote(
            block_id=block_id,
            bundle_id=bundle_id if block_id is None else None,
            text=text,
            visited_on=visited_on,
            written_by=actor.name,
            created_at=now,
        )
        session.add(note)
        session.flush()
        record(
            session,
            actor,
            action="note.written",
            object_kind="block" if block_id is not None else "bundle",
            object_id=subject.id,
            object_name=subject.sku if isinstance(subject, Block) else subject.slug,
            now=now,
            new={"note": note.id, "text": text, "visited_on": visited_on.isoformat() if visited_on else None},
        )
        return note.id or 0
