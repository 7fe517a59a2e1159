"""The inbox: what waits for a person, with its number and the way there."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_complaints import count_open_complaints
from app.care.queries_effort import count_undecided, count_waiting_steps
from app.care.queries_services import count_to_do
from app.catalogue.queries_approvals import count_waiting_approvals
from app.catalogue.queries_block_list import count_short
from app.catalogue.queries_desk import count_reviews as count_bundle_reviews
from app.catalogue.queries_margins import count_below_floor
from app.core.errors import N_
from app.customers.queries_desk import count_growing
from app.customers.queries_objections import count_open_objections
from app.customers.queries_review import count_reviews
from app.fulfilment.queries import count_disputed, due_counts
from app.fulfilment.queries_proofs import count_proofs
from app.fulfilment.queries_runs import short_orders
from app.imports.queries import count_unfinished
from app.insights.exceptions import count_waiting_visits
from app.invoices.queries_drafts import count_blocked
from app.invoices.queries_refuted import count_refuted
from app.jobs.queries import count_dead_jobs, dead_jobs
from app.mail.models import MailState
from app.mail.queries import count_mails, count_marked, count_unreadable_inboxes, count_waiting
from app.mail.queries_texts import count_faulty_texts
from app.mainbrand.queries_rating import count_waiting_overrides
from app.ordering.service_freeze import open_freeze
from app.payments.queries_books import count_differences
from app.payments.queries_desk import count_held, released_since
from app.payments.queries_disputes import count_to_answer, count_undecided_warnings
from app.payments.queries_limits import living_breaker
from app.payments.queries_money import count_waiting_requests
from app.payments.queries_refunds import count_failed_refunds
from app.payments.rules.settlement import NEEDING_STAFF
from app.web.admin.lists import desk
from app.web.admin.runs_view import course_of
from app.web.deps import Now, ReadDep, ShopDep

router = APIRouter()

NEWS = timedelta(days=14)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Task:
    """One kind of task; the label is not translated yet. `is_due`: a person should act now."""

    label: str
    url: str
    count: int
    is_due: bool


@router.get("/admin")
def show_inbox(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    course = course_of(shop, session, now=now)
    runs = course.next_runs(3)
    due = due_counts(session)
    late = sum(count for dispatch_on, count in due if course.misses_its_run(dispatch_on))
    waiting = course.by_run(due)
    leaving_today = waiting.get(course.today, 0)
    short = len(short_orders(session, until=runs[0].run_on))
    bundle_reviews, refused = count_bundle_reviews(session)
    released = released_since(session, now - NEWS, reasons=frozenset(NEEDING_STAFF))
    is_frozen = open_freeze(session) is not None
    proofs = count_proofs(session, today=course.today)
    to_answer, overdue = count_open_complaints(session, today=course.today)
    counted = [
        (N_("complaints overdue"), "/admin/complaints", overdue),
        (N_("complaints to answer"), "/admin/complaints", to_answer),
        (N_("refunds that failed"), "/admin/refunds?state=failed", count_failed_refunds(session)),
        (N_("refunds to grant"), "/admin/refunds#waiting", count_waiting_requests(session)),
        (N_("disputes to answer"), "/admin/disputes", count_to_answer(session, now=now)),
        (N_("fraud warnings to decide"), "/admin/disputes#warnings", count_undecided_warnings(session)),
        (N_("invoices that could not be issued"), "/admin/invoices?state=blocked", count_blocked(session)),
        (N_("registrations to review"), "/admin/screening", count_reviews(session, now=now)),
        (N_("objections to answer"), "/admin/objections", count_open_objections(session)),
        (N_("steps of effort to decide"), "/admin/effort", count_waiting_steps(session)),
        (N_("causes of effort to decide"), "/admin/effort#undecided", count_undecided(session)),
        (N_("payments held for review"), "/admin/payments?state=held", count_held(session)),
        (N_("first payments wait"), "/admin/payments#card-testing", int(living_breaker(session) is not None)),
        (N_("differences to Stripe's books"), "/admin/payments/reconciliation", count_differences(session)),
        (N_("restores to compare with Stripe: sales rest"), "/admin/payments/reconciliation", int(is_frozen)),
        (N_("imports to finish"), "/admin/imports?state=checked", count_unfinished(session)),
        (N_("orders held, payment charged back"), "/admin/dispatch#disputed", count_disputed(session)),
        (N_("orders late"), "/admin/dispatch#late", late),
        (N_("orders leave today"), "/admin/dispatch", leaving_today),
        (N_("orders short of goods for the next run"), "/admin/dispatch#short", short),
        (N_("proofs of delivery overdue"), "/admin/proofs", proofs.overdue),
        (N_("orders without VAT whose VAT id was refuted"), "/admin/proofs#refuted", count_refuted(session)),
        (N_("special services to do"), "/admin/services/orders", count_to_do(session)),
        (N_("field visits to approve"), "/admin/reports/exceptions", count_waiting_visits(session)),
        (N_("blocks short of what orders hold"), "/admin/blocks?stock=short", count_short(session)),
        (N_("e-mails failed"), "/admin/mail?state=failed", count_mails(session, MailState.FAILED)),
        (
            N_("e-mails waiting for over an hour"),
            "/admin/mail?state=queued",
            count_waiting(session, before=now - HOUR),
        ),
        (
            N_("inboxes of undelivered e-mails that cannot be read"),
            "/admin/mail/addresses",
            count_unreadable_inboxes(session),
        ),
        (N_("addresses from which e-mails come back"), "/admin/mail/addresses", count_marked(session)),
        (N_("texts of e-mails that could not be used"), "/admin/mail/texts", count_faulty_texts(session)),
        (N_("overrides to approve"), "/admin/ratings#overrides", count_waiting_overrides(session)),
        (N_("bundles to review"), "/admin/bundles?stage=review", bundle_reviews),
        (N_("bundles below the margin floor"), "/admin/guards#below", count_below_floor(session)),
        (N_("bundles to approve"), "/admin/guards#approvals", count_waiting_approvals(session)),
        (N_("bundles not published at their date"), "/admin/bundles?stage=review&refused=1", refused),
        (N_("customers are growing"), "/admin/customers?growing=1", count_growing(session)),
        (N_("payments released in 14 days"), "/admin/payments?state=released", released),
        (N_("jobs failed for good"), "#jobs", count_dead_jobs(session)),
    ]
    return desk(
        request,
        "inbox/inbox.html",
        tasks=[Task(label, url, count, count > 0) for label, url, count in counted],
        runs=runs,
        waiting=waiting,
        jobs=dead_jobs(session, limit=20),
    )
