"""What the worker does with what arrived at the door, without sending the mails."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.flows.receive_application import receive_application
from app.flows.reset_password import mail_reset_link
from app.jobs.models import Job, JobState


def take_up(session: Session, *, now: datetime | None = None) -> None:
    """Takes up every application and every wish for a new password that waits, oldest first."""
    session.rollback()
    kinds = ("receive_application", "mail_reset_link")
    waiting = select(Job).where(col(Job.kind).in_(kinds), col(Job.state) == JobState.READY)
    jobs = [(job.id, dict(job.args)) for job in session.exec(waiting.order_by(col(Job.id)))]
    session.rollback()
    for job_id, args in jobs:
        if "email" in args:
            mail_reset_link(session, email=args["email"], now=now or utc_now())
        else:
            receive_application(session, application_id=args["application_id"], now=now or utc_now())
        with transaction(session):
            session.get_one(Job, job_id).state = JobState.DONE
