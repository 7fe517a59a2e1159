from datetime import datetime

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from tests import make


def test_the_text_of_a_database_error_shows_no_values(session: Session, now: datetime) -> None:
    first = make.contact(session, of=make.customer(session))

    with pytest.raises(IntegrityError) as failed:
        make.contact(session, of=make.customer(session), email=first.email, password_hash="a secret hash")

    assert "a secret hash" not in str(failed.value)
