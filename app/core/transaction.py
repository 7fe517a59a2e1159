"""The only door through which anything is written."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session


class OutsideTransaction(RuntimeError):
    """Code tried to write without `transaction()`: a mistake of the program, never of a person."""


@contextmanager
def transaction(session: Session) -> Iterator[None]:
    """All or nothing: commits at the end of the block, rolls back on any exception. Never nests.

    What was read before is forgotten on entry, so that nothing inside decides on stale rows; on SQLite
    the write lock is taken at once (BEGIN IMMEDIATE).
    """
    if session.info.get("is_in_transaction"):
        raise OutsideTransaction("transaction() never nests")
    with session.info.get("writer_lock") or nullcontext():
        session.rollback()
        session.expire_all()
        session.connection(execution_options={"is_write": True})
        session.info["is_in_transaction"] = True
        try:
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info["is_in_transaction"] = False


def is_in_transaction(session: AnySession) -> bool:
    """Whether a `transaction()` of this session is open."""
    return bool(session.info.get("is_in_transaction"))


@event.listens_for(AnySession, "before_flush")
def _refuse_stray_flush(session: AnySession, *_: Any) -> None:
    if not is_in_transaction(session):
        raise OutsideTransaction("rows may be written only inside transaction()")


@event.listens_for(AnySession, "do_orm_execute")
def _refuse_stray_statement(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and not is_in_transaction(state.session):
        raise OutsideTransaction("statements that write may run only inside transaction()")


@event.listens_for(AnySession, "do_orm_execute")
def _read_locked_rows_afresh(state: ORMExecuteState) -> None:
    # A row touched before it was locked would keep its old values in the session: the lock would be of no use.
    if state.is_select and getattr(state.statement, "_for_update_arg", None) is not None:
        state.update_execution_options(populate_existing=True)
