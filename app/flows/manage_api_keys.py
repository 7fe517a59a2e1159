"""An administrator makes and revokes keys with which programs speak to the API."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.ids import hash_token, new_token
from app.core.transaction import transaction
from app.staff.models import ApiKey
from app.staff.rules.scopes import Scope

PREFIX = "schlicht_"
HINT_LENGTH = len(PREFIX) + 5
LONGEST_DAYS = 730


@dataclass(frozen=True)
class HandedKey:
    """A key to hand to whoever runs the program; it is stored nowhere in plain."""

    key_id: int
    name: str
    key: str


def create_api_key(
    session: Session,
    *,
    name: str,
    scopes: Collection[Scope],
    valid_days: int,
    actor: Actor,
    now: datetime,
) -> HandedKey:
    """A new key with these scopes until its day. Raises Invalid with the fields `name`, `scopes`, `valid_days`."""
    faults = _faults(name, scopes, valid_days)
    if faults:
        raise Invalid(N_("Please check the entries."), code="api_key.invalid", fields=faults)
    token = PREFIX + new_token()
    with transaction(session):
        key = ApiKey(
            name=name.strip(),
            key_hash=hash_token(token),
            hint=token[:HINT_LENGTH],
            scopes=sorted(scope.value for scope in scopes),
            created_by=actor.name[:200],
            created_at=now,
            expires_at=now + timedelta(days=valid_days),
        )
        session.add(key)
        session.flush()
        assert key.id is not None
        _record(session, key, "api_key.created", actor, now=now)
        return HandedKey(key.id, key.name, token)


def revoke_api_key(session: Session, key_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends a key at once; done twice, it is done once. Raises NotFound."""
    with transaction(session):
        key = session.exec(select(ApiKey).where(col(ApiKey.id) == key_id).with_for_update()).first()
        if key is None:
            raise NotFound(N_("There is no such key."), code="api_key.not_found")
        if key.revoked_at is not None:
            return
        key.revoked_at = now
        _record(session, key, "api_key.revoked", actor, now=now)


def _faults(name: str, scopes: Collection[Scope], valid_days: int) -> tuple[FieldError, ...]:
    faults = []
    if not 2 <= len(name.strip()) <= 200:
        faults.append(FieldError("name", N_("Please give a name of at most 200 characters.")))
    if not scopes:
        faults.append(FieldError("scopes", N_("Please choose at least one thing that the key may do.")))
    if not 1 <= valid_days <= LONGEST_DAYS:
        message = N_("Please enter a number of days from 1 to %(most)s.")
        faults.append(FieldError("valid_days", message, {"most": LONGEST_DAYS}))
    return tuple(faults)


def _record(session: Session, key: ApiKey, action: str, actor: Actor, *, now: datetime) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="api_key",
        object_id=key.id,
        object_name=key.name,
        now=now,
        new={"scopes": key.scopes, "expires_at": key.expires_at.isoformat(), "hint": key.hint},
    )
