"""Invariants of the outbox and the queue: each mail once, none lost, no work left lying."""

from app.insights.findings import Invariant, rows_of

# The demo's past orders were never mailed and never paid at Stripe; real Checkout Sessions begin with `cs_`.
IS_REAL = (
    "NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND p.session_id LIKE 'demo\\_cs\\_%'"
    " ESCAPE '\\')"
)
# A person may send a mail once more; such a copy has its own key, marked by `#again:`.
IS_FIRST = "m.key NOT LIKE '%#again:%'"
# A fee that staff charge to a kept card is told by one mail of its own, once it is charged.
IS_FEE = (
    "EXISTS (SELECT 1 FROM service_orders so WHERE so.order_id = o.id"
    " AND so.details ->> 'fee_reason' IS NOT NULL)"
)
FEE_MAILS = (
    "(SELECT count(*) FROM mails m WHERE m.object_kind = 'order' AND m.object_id = o.id"
    f" AND m.kind = 'fee_charged' AND {IS_FIRST})"
)

MAIL = (
    Invariant(
        "each_mail_of_an_order_once",
        "Received, accepted and dispatched (a service: done) are each mailed by exactly one row, where they happened"
        " (a replacement is told by the answer to its complaint, a fee of the staff's by `fee_charged`).",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, o.state, k.kind,"
            f" CASE WHEN {IS_FEE} THEN CASE WHEN k.kind = 'order_accepted' AND o.accepted_at IS NOT NULL"
            f" THEN 1 - {FEE_MAILS} ELSE 0 END"
            " WHEN k.kind = 'order_received' AND o.kind <> 'replacement' THEN 1"
            " WHEN k.kind = 'order_accepted' AND o.kind <> 'replacement'"
            " AND o.accepted_at IS NOT NULL THEN 1"
            " WHEN k.kind = CASE WHEN o.kind = 'service' THEN 'service_done' ELSE 'order_dispatched' END"
            " AND o.state = 'dispatched' THEN 1 ELSE 0 END AS due_count,"
            " (SELECT count(*) FROM mails m WHERE m.object_kind = 'order' AND m.object_id = o.id"
            f" AND m.kind = k.kind AND {IS_FIRST}) AS mail_count"
            " FROM orders o CROSS JOIN (SELECT 'order_received' AS kind UNION ALL SELECT 'order_accepted'"
            f" UNION ALL SELECT 'order_dispatched' UNION ALL SELECT 'service_done') k WHERE {IS_REAL}) AS s"
            " WHERE mail_count <> due_count ORDER BY id, kind",
            "Order {number} is {state} and has {mail_count} mails '{kind}' instead of {due_count}.",
        ),
    ),
    Invariant(
        "a_mail_of_an_end_only_at_that_end",
        "An order that goes on is never told to be cancelled or given back, and each end is told at most once.",
        rows_of(
            "SELECT min(m.id) AS id, o.number, o.state, m.kind, count(*) AS mail_count FROM mails m"
            " JOIN orders o ON o.id = m.object_id WHERE m.object_kind = 'order' AND m.kind = 'order_cancelled'"
            f" AND {IS_FIRST} GROUP BY o.id, o.number, o.state, m.kind"
            " HAVING count(*) > 1 OR o.state <> 'cancelled' ORDER BY 1",
            "Order {number} is {state} and has {mail_count} mails '{kind}'.",
        ),
    ),
    Invariant(
        "a_sent_mail_has_its_answer",
        "A sent mail has the moment and the answer of the other side, and its secrets are forgotten.",
        rows_of(
            "SELECT id, kind, object_kind, object_id FROM mails WHERE state = 'sent' AND (sent_at IS NULL"
            " OR coalesce(provider_answer, '') = ''"
            " OR (secret_values IS NOT NULL AND CAST(secret_values AS VARCHAR(8)) <> 'null')) ORDER BY id",
            "Mail {id} ({kind} about {object_kind} {object_id}) is sent without an answer, or keeps its secrets.",
        ),
    ),
    Invariant(
        "a_waiting_mail_has_its_job",
        "A mail that is not sent yet has a job that will send it: none is lost.",
        rows_of(
            "SELECT m.id, m.kind, m.state FROM mails m WHERE m.state IN ('queued', 'sending') AND NOT EXISTS ("
            "SELECT 1 FROM jobs j WHERE j.kind = 'send_mail' AND j.state IN ('ready', 'running')"
            " AND CAST(j.args ->> 'mail_id' AS INTEGER) = m.id) ORDER BY m.id",
            "Mail {id} ({kind}) is {state}, and no job will send it.",
        ),
    ),
    Invariant(
        "what_came_back_has_failed",
        "An e-mail that came back is failed or given up, never taken for one that arrived.",
        rows_of(
            "SELECT id, kind, state FROM mails WHERE bounced_at IS NOT NULL AND state NOT IN ('failed', 'aborted')"
            " ORDER BY id",
            "Mail {id} ({kind}) came back and is {state}.",
        ),
    ),
    Invariant(
        "a_marked_address_has_its_cause",
        "An address is marked only by an e-mail to it that came back or was complained of.",
        rows_of(
            "SELECT a.id, a.address, a.state FROM mail_addresses a JOIN mails m ON m.id = a.mail_id"
            " WHERE a.state <> 'ok' AND (lower(m.to_address) <> a.address"
            " OR (m.bounced_at IS NULL AND m.complained_at IS NULL)) ORDER BY a.id",
            "The address {address} is {state}, and its e-mail neither came back nor was complained of.",
        ),
    ),
    Invariant(
        "no_job_is_left_lying",
        "A job that is due is begun within a quarter of an hour, and a lost one taken up by another worker.",
        rows_of(
            "SELECT id, kind, state FROM jobs WHERE (state = 'ready' AND run_at < :late)"
            " OR (state = 'running' AND lease_until_at < :late) ORDER BY id",
            "Job {id} ({kind}) is {state} and nobody has worked on it for a quarter of an hour:"
            " does a worker run?",
        ),
    ),
    Invariant(
        "a_job_in_hand_has_a_lease",
        "A running job has a lease and its token, any other has neither.",
        rows_of(
            "SELECT id, kind, state FROM jobs WHERE (state = 'running') <> (lease_until_at IS NOT NULL)"
            " OR (state = 'running') <> (lease_token IS NOT NULL) ORDER BY id",
            "Job {id} ({kind}) is {state}, and its lease says something else.",
        ),
    ),
)
"""All invariants of mails and jobs."""
