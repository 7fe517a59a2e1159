"""Imports every models module, so that Alembic and foreign keys see all tables."""

from sqlmodel import SQLModel

import app.audit.models
import app.books.models
import app.care.models
import app.catalogue.models
import app.customers.models
import app.fulfilment.models
import app.imports.models
import app.insights.models
import app.invoices.models
import app.jobs.models
import app.mail.models
import app.mainbrand.models
import app.ordering.models
import app.payments.models
import app.payments.models_cards
import app.policy.models
import app.staff.models
import app.throttling.models  # noqa: F401

metadata = SQLModel.metadata
