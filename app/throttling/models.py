"""How often something was tried lately."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime


class Throttle(SQLModel, table=True):
    """The attempts under one key (what is tried and by whom, personal data hashed) in its present window."""

    __tablename__ = "throttles"

    key: str = Field(primary_key=True, max_length=128)
    window_started_at: datetime = Field(sa_type=UTCDateTime, index=True)
    attempt_count: int = 0
