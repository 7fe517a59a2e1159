"""Writing audit entries inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.models import ActorKind, AuditEntry


@dataclass(frozen=True)
class Actor:
    """Who acts: kind, id where there is one, and the name to show."""

    kind: ActorKind
    name: str
    id: int | None = None


SYSTEM = Actor(ActorKind.SYSTEM, "schlicht")


def record(
    session: Session,
    actor: Actor,
    *,
    action: str,
    object_kind: str,
    object_id: int | None,
    now: datetime,
    object_name: str = "",
    reason: str = "",
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    """Adds one audit entry; `action` is a verb with its object such as `order.dispatched`."""
    session.add(
        AuditEntry(
            at=now,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            object_name=object_name[:200],
            reason=reason,
            old=old,
            new=new,
        )
    )
