"""Dispatch runs and what left with them."""

from datetime import date, datetime

from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime


class Shipment(SQLModel, table=True):
    """One order handed to the carrier; `run_on` is the dispatch run it left with."""

    __tablename__ = "shipments"

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(unique=True, foreign_key="orders.id")
    run_on: date = Field(index=True)
    carrier: str = Field(default="", max_length=64)
    tracking_code: str = Field(default="", max_length=64)
    dispatched_by: str = Field(max_length=200)
    dispatched_at: datetime = Field(sa_type=UTCDateTime, index=True)
