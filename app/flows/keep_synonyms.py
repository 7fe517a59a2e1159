"""Staff keep the words that mean the same to the search."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from app.audit.service import Actor, record
from app.catalogue.models import SynonymGroup
from app.catalogue.rules.synonyms import LONGEST_PHRASE, MOST_WORDS, phrase
from app.catalogue.service import touch_catalogue
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction

LONGEST_WRITTEN = 60
MOST_GROUPS = 1_000


def save_synonyms(
    session: Session,
    *,
    group_id: int | None = None,
    words: str,
    is_one_way: bool,
    actor: Actor,
    now: datetime,
) -> int:
    """Writes a group of synonyms (one a line or parted by commas) and returns its id; the next search knows it.

    Raises Invalid for fewer than two different words, for too many or too long ones; Refused where there are
    a thousand groups already; NotFound for an unknown group.
    """
    lines = re.split("[,\r\n]", words)
    written = ["".join(filter(str.isprintable, " ".join(line.split()))).strip() for line in lines]
    kept = list(dict.fromkeys(filter(None, written)))
    _check(kept)
    with transaction(session):
        touch_catalogue(session)
        if group_id is None:
            if session.exec(select(func.count()).select_from(SynonymGroup)).one() >= MOST_GROUPS:
                raise Refused(N_("There are too many groups already."), code="synonyms.too_many")
            group, old = SynonymGroup(words="", changed_by="", changed_at=now), None
            session.add(group)
        else:
            group = _find(session, group_id)
            old = _facts(group)
        group.words, group.is_one_way = "\n".join(kept), is_one_way
        group.changed_by, group.changed_at = actor.name, now
        session.flush()
        _record(session, group, actor, action="synonyms.saved", now=now, old=old, new=_facts(group))
        return group.id or 0


def delete_synonyms(session: Session, group_id: int, *, actor: Actor, now: datetime) -> None:
    """Takes a group of synonyms away. Raises NotFound for an unknown group."""
    with transaction(session):
        touch_catalogue(session)
        group = _find(session, group_id)
        _record(session, group, actor, action="synonyms.deleted", now=now, old=_facts(group), new=None)
        session.delete(group)


def _check(words: list[str]) -> None:
    unsought = [word for word in words if not phrase(word)]
    too_long = [word for word in words if len(word) > LONGEST_WRITTEN or len(phrase(word)) > LONGEST_PHRASE]
    fault = None
    if unsought:
        fault = FieldError(
            "words", N_("“%(word)s” has no letter or digit to search for."), {"word": unsought[0]}
        )
    elif too_long:
        fault = FieldError(
            "words",
            N_("“%(word)s” is too long: at most three words and 60 characters."),
            {"word": too_long[0][:LONGEST_WRITTEN]},
        )
    elif len(words) > MOST_WORDS:
        fault = FieldError("words", N_("A group holds at most %(most)s words."), {"most": MOST_WORDS})
    elif len({phrase(word) for word in words}) < 2:
        fault = FieldError("words", N_("Please give at least two words that the search tells apart."))
    if fault is not None:
        raise Invalid(N_("Please check the entries."), code="synonyms.invalid", fields=(fault,))


def _find(session: Session, group_id: int) -> SynonymGroup:
    group = session.exec(
        select(SynonymGroup).where(col(SynonymGroup.id) == group_id).with_for_update()
    ).first()
    if group is None:
        raise NotFound(N_("There is no such group of synonyms."), code="synonyms.not_found")
    return group


def _facts(group: SynonymGroup) -> dict[str, Any]:
    return {"words": group.words.split("\n"), "is_one_way": group.is_one_way}


def _record(
    session: Session,
    group: SynonymGroup,
    actor: Actor,
    *,
    action: str,
    now: datetime,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="synonyms",
        object_id=group.id,
        object_name=group.words.replace("\n", ", ")[:200],
        now=now,
        old=dict(old) if old else None,
        new=dict(new) if new else None,
    )
