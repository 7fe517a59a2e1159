"""A clerk's desk: a database and a spool folder."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from app.imports.spool import Spool
from tests.imports.hand_in import Office


@pytest.fixture
def office(session: Session, tmp_path: Path, now: datetime) -> Office:
    return Office(session, Spool(tmp_path / "imports"), now)
