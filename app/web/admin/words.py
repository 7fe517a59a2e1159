"""The staff's words for states, reasons, acts and fields, and the tone in which a state is shown."""

from typing import NamedTuple

from app.catalogue.rules.kinds import BundleState, Source
from app.catalogue.rules.stages import VersionStage
from app.core.errors import N_
from app.customers.rules.admission import Admission, ScreeningState
from app.customers.rules.objections import Outcome
from app.customers.rules.reviewing import STANDARD_REASONS
from app.insights.rules.proposing import PriceReason
from app.mail.models import AddressState, MailState
from app.mainbrand.models import Cause, OverrideState, RunState
from app.mainbrand.rules.prospect import Judgement
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.holding import HoldDecision, ShutOut
from app.payments.rules.states import PaymentState
from app.staff.rules.roles import Right
from app.web.admin import (
    book_words,
    card_words,
    complaint_traces,
    difference_words,
    invoice_words,
    mail_words,
    payment_words,
    service_words,
)
from app.web.admin.audit_words import ACTIONS as ACTIONS
from app.web.admin.audit_words import OBJECTS as OBJECTS


class Word(NamedTuple):
    """A label (not translated yet) and the tone of its badge: "", ok, warn, bad, or signal for a person's turn."""

    label: str
    tone: str = ""


ALL = N_("All")

ORDERS = {
    OrderState.RECEIVED: Word(N_("not paid yet")),
    OrderState.ACCEPTED: Word(N_("to dispatch"), "signal"),
    OrderState.DISPATCHED: Word(N_("dispatched"), "ok"),
    OrderState.CANCELLED: Word(N_("cancelled")),
}
SERVICE_ORDERS = ORDERS | {state: Word(*word) for state, word in service_words.ORDERS.items()}
CANCEL_REASONS = {
    CancelReason.NOT_ADMITTED: N_("The company was not admitted any more."),
    CancelReason.AMOUNT_DIFFERS: N_("The authorised amount was another one."),
    CancelReason.UNPAID: N_("It was not paid in time."),
    CancelReason.REPLACED: N_("The company placed a newer order instead."),
    CancelReason.BY_CUSTOMER: N_("The company cancelled it."),
    CancelReason.BY_STAFF: N_("We cancelled it."),
}
PAYMENTS = {
    PaymentState.CREATED: Word(N_("being prepared")),
    PaymentState.OPEN: Word(N_("card page open")),
    PaymentState.HELD: Word(N_("held for review"), "signal"),
    PaymentState.CAPTURING: Word(N_("being charged"), "warn"),
    PaymentState.CAPTURED: Word(N_("charged"), "ok"),
    PaymentState.RELEASING: Word(N_("being released"), "warn"),
    PaymentState.RELEASED: Word(N_("released"), "warn"),
    PaymentState.EXPIRED: Word(N_("expired")),
}
HOLD_DECISIONS = {
    HoldDecision.GO_ON: N_("to be charged"),
    HoldDecision.RELEASE: N_("to be given back"),
}
RELEASE_REASONS = {
    "foreign": N_("The payment belongs to another order."),
    "amount_differs": N_("The authorised amount was another one."),
    "already_paid": N_("The order was paid by another attempt."),
    "order_cancelled": N_("The order was cancelled before."),
    "not_admitted": N_("The company was not admitted any more."),
    "goods_kept_out": N_("A block of it is dangerous or restricted by now."),
    "authorisation_lost": N_("The authorisation had lapsed."),
    "out_of_stock": N_("A block of it is not there any more for this order."),
    "card_refused": N_("We did not accept the card: a company that is shut out used it."),
    "card_not_kept": N_("The kept card was removed before it was charged."),
    "hold_lapsed": N_("Nobody decided about the shared card in time."),
}
RELEASE_REASONS |= service_words.RELEASE_REASONS
MAILS = {
    MailState.QUEUED: Word(N_("waiting")),
    MailState.SENDING: Word(N_("being sent")),
    MailState.SENT: Word(N_("sent"), "ok"),
    MailState.FAILED: Word(N_("failed"), "bad"),
    MailState.ABORTED: Word(N_("given up")),
}
ADDRESSES = {
    state: Word(label, "ok" if state is AddressState.OK else "bad")
    for state, label in mail_words.ADDRESSES.items()
}
MAIL_KINDS = {
    "verify_email": N_("Confirm your address"),
    "registration_known": N_("Somebody applied with your address"),
    "application_received": N_("Application received"),
    "decision_admitted": N_("Decision: admitted"),
    "decision_refused": N_("Decision: refused"),
    "decision_main_brand": N_("Decision: main brand"),
    "proof_wanted": N_("A paper is asked for"),
    "objection_received": N_("A company objects"),
    "objection_answered": N_("Answer to an objection"),
    "delivery_address_cleared": N_("Delivery address checked"),
    "password_reset": N_("New password"),
    "order_received": N_("Order received"),
    "order_accepted": N_("Order accepted"),
    "payment_failed": N_("Payment failed"),
    "authorisation_released": N_("Authorisation released"),
    "order_being_checked": N_("Order being checked"),
    "order_cancelled": N_("Order cancelled"),
    "order_dispatched": N_("Order dispatched"),
    "standing_order_asked": N_("A standing order asks"),
    "standing_order_expired": N_("A standing order was left out"),
    "effort_level_changed": N_("Effort level changed"),
    "order_late": N_("Order comes later"),
}
MAIL_ERRORS = mail_words.ERRORS
SCREENINGS = {
    ScreeningState.PENDING: Word(N_("not compared yet")),
    ScreeningState.CLEAR: Word(N_("clear"), "ok"),
    ScreeningState.REVIEW: Word(N_("in review"), "signal"),
    ScreeningState.BLOCKED: Word(N_("main brand"), "bad"),
    ScreeningState.REFUSED: Word(N_("refused"), "bad"),
}
ADMISSIONS = {
    Admission.ADMITTED: Word(N_("admitted"), "ok"),
    Admission.UNVERIFIED: Word(N_("e-mail not confirmed")),
    Admission.IN_REVIEW: Word(N_("in review"), "signal"),
    Admission.MAIN_BRAND: Word(N_("kept out: main brand"), "bad"),
    Admission.REFUSED: Word(N_("kept out: refused"), "bad"),
    Admission.SUSPENDED: Word(N_("kept out: suspended"), "bad"),
    Admission.MOVED_UP: Word(N_("kept out: moved up"), "bad"),
    Admission.UNRATED: Word(N_("kept out: not rated"), "bad"),
}
SHUT_OUT = {
    ShutOut.BLOCKED: N_("recognised as an A- or B-customer of the main brand"),
    ShutOut.REFUSED: N_("refused"),
    ShutOut.MAIN_BRAND: N_("rated A or B"),
    ShutOut.MOVED_UP: N_("moved up to the main brand"),
}
SEGMENTS = {
    Segment.A: Word(N_("A"), "bad"),
    Segment.B: Word(N_("B"), "bad"),
    Segment.C: Word(N_("C"), "ok"),
    Segment.UNRATED: Word(N_("unrated")),
}
RUNS = {
    RunState.PROPOSED: Word(N_("proposed"), "signal"),
    RunState.APPLIED: Word(N_("applied"), "ok"),
    RunState.UNDONE: Word(N_("undone"), "warn"),
    RunState.SUPERSEDED: Word(N_("superseded")),
    RunState.UNCHANGED: Word(N_("changed nothing")),
}
OVERRIDES = {
    OverrideState.PROPOSED: Word(N_("waits for a second person"), "signal"),
    OverrideState.ACTIVE: Word(N_("in force"), "ok"),
    OverrideState.REFUSED: Word(N_("refused"), "bad"),
    OverrideState.ENDED: Word(N_("ended")),
}
CAUSES = {
    Cause.RATING: N_("Rating"),
    Cause.UNDO: N_("Rating undone"),
    Cause.OVERRIDE: N_("Override"),
    Cause.OVERRIDE_ENDED: N_("Override ended"),
    Cause.LIST: N_("The main brand's list"),
}
JUDGEMENTS = {
    Judgement.HIGH: N_("will grow"),
    Judgement.EVEN: N_("stays as it is"),
    Judgement.LOW: N_("will not grow"),
}
BUNDLES = {
    BundleState.DRAFT: Word(N_("draft")),
    BundleState.PUBLISHED: Word(N_("on sale"), "ok"),
    BundleState.RETIRED: Word(N_("retired")),
}
STAGES = {
    VersionStage.DRAFT: Word(N_("draft, not published")),
    VersionStage.REVIEW: Word(N_("waits for review"), "signal"),
    VersionStage.SCHEDULED: Word(N_("has a date"), "warn"),
    VersionStage.PUBLISHED: Word(N_("published"), "ok"),
}
SOURCES = {
    Source.OWN: N_("own stock or staff"),
    Source.SPECIALIST: N_("finished by a specialist"),
    Source.WHITE_LABEL: N_("white label"),
    Source.COMMISSION: N_("commission"),
}
MATCH_FIELDS = {
    "vat_id": N_("VAT id"),
    "register_key": N_("Register entry"),
    "email_domain": N_("E-mail domain"),
    "web_domain": N_("Web domain"),
    "phone": N_("Phone"),
    "name_and_postal_code": N_("Name and postal code"),
    "similar_name": N_("Similar name"),
    "other_name": N_("Trade name or earlier name"),
    "address": N_("Address"),
    "town": N_("Town"),
    "contact_person": N_("Contact person"),
}
BECAUSE = {
    "main_brand_account": N_("It is an A- or B-rated main account."),
    "c_account": N_("It is a C-rated main account."),
    "unrated_account": N_("The main account is not rated yet."),
    "conflict": N_("Its identifiers belong to two different main accounts."),
    "several_accounts": N_("Several main accounts fit."),
    "likeness": N_("It resembles a main account."),
    "foreign_vat_id": N_("The VAT id is from another country than the address."),
    "known_customer": N_("A customer of this shop is the same company."),
    "unknown": N_("The main brand does not know it."),
    "objection": N_("Its objection was upheld: it is looked at again."),
    "delivery_address": N_("Goods are to go to an address of a main account."),
    "same_card": N_("It paid with the card of a company that is shut out."),
}
# A standard reason is kept as its sentence.
BECAUSE |= {text: text for reasons in STANDARD_REASONS.values() for text in reasons.values()}
REASON_CODES = {code: text for reasons in STANDARD_REASONS.values() for code, text in reasons.items()}
TRIGGERS = {
    "registration": N_("registration"),
    "change": N_("change of company data"),
    "import": N_("import of the main accounts"),
    "command": N_("comparison by command"),
    "objection": N_("objection"),
    "delivery_address": N_("delivery address"),
    "checkout": N_("checkout"),
    "card": N_("card"),
}
OUTCOMES = {
    Outcome.UPHELD: Word(N_("upheld"), "ok"),
    Outcome.DISMISSED: Word(N_("dismissed")),
}
CASE_STATES = {
    "waiting": N_("To decide"),
    "proof": N_("Waiting for proof"),
    "decided": N_("Decided"),
}
DECISIONS = {
    "clear": N_("Admit"),
    "refused": N_("Refuse"),
    "blocked": N_("Main brand serves it"),
}
EVENTS = {
    "placed": N_("Order received"),
    "payment_started": N_("Card page opened"),
    "joining_missed": N_("It can no longer travel in the parcel it was to join: it leaves by itself"),
    "accepted": N_("Card charged, order accepted"),
    "promise_moved": N_("Delivery date moved"),
    "payment_failed": N_("Card declined"),
    "payment_held": N_("Payment held for review"),
    "payment_released": N_("Authorisation released"),
    "cancelled": N_("Order cancelled"),
    "late": N_("Customer told that it comes later"),
    "dispatched": N_("Handed to the carrier"),
    "delivery_failed": N_("Delivery failed"),
    "delivery_proven": N_("Proof of delivery kept"),
    "charged_back": N_("Payment charged back"),
    "chargeback_passed": N_("May leave although the payment was charged back"),
}
EVENTS |= complaint_traces.EVENTS | service_words.EVENTS_OF_GOODS | card_words.EVENTS | payment_words.EVENTS
SERVICE_EVENTS = EVENTS | service_words.EVENTS
RIGHTS = {
    Right.VIEW: N_("look at everything"),
    Right.DISPATCH: N_("dispatch orders, offer and do special services"),
    Right.SCREEN: N_("decide reviews"),
    Right.CATALOGUE: N_("blocks and bundles"),
    Right.COMPLAINTS: N_("answer complaints and pay back"),
    Right.CUSTOMERS: N_("close, open and move up companies"),
    Right.MAIL: N_("send e-mails again"),
    Right.PAYMENTS: N_("pay back and answer disputes"),
    Right.BOOKS: N_("read, close and export the books"),
    Right.POLICY: N_("change the policy and publish terms"),
    Right.IMPORT: N_("import lists of the main brand"),
    Right.AUDIT: N_("read the audit log"),
    Right.STAFF: N_("staff accounts"),
    Right.APPROVE: N_("approve bundles that take business from the main brand, and field visits"),
}
EVENT_VALUES = {
    "carrier": N_("Carrier"),
    "tracking_code": N_("Tracking code"),
    "run_on": N_("Run"),
    "promised_on": N_("Promised"),
    "old": N_("Before"),
    "new": N_("After"),
    "reason": N_("Why"),
    "code": N_("Error"),
    "replaces": N_("Takes the place of"),
    "replaced_by": N_("Replaced by"),
    "complaint": N_("Complaint"),
    "number": N_("Order"),
    "amount_cents": N_("Amount"),
}
WEEKDAYS = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
PRICE_REASONS = {
    PriceReason.C_PAID: N_("what C-customers paid the main brand for as much (medians, added up)"),
    PriceReason.AB_PAY: N_("what A- and B-customers pay for as much: below that they would switch"),
    PriceReason.FLOOR: N_("the lowest price that passes the margin floor"),
}
DONE = {
    "complaint_answered": N_("Answered. The customer gets an e-mail."),
    "complaint_asked": N_("Sent. The customer gets an e-mail and answers here."),
    "refund_again": N_("The refund is asked for again. Its state stands here in a moment."),
    "discovery_asked": N_("The purchases are looked through. Look again in a moment."),
    "proposal_drafted": N_("A draft of the proposal: look at names, texts and price before you publish it."),
    "proposal_dismissed": N_("Dismissed: it is not proposed again."),
    "proposal_reopened": N_("The proposal is open again."),
    "note": N_("The note is kept."),
    "agreement": N_("The exception is in force."),
    "agreement_ended": N_("The exception is over: the company orders in everybody's sizes again."),
    "saved": N_("Saved."),
    "stock": N_("The stock is noted."),
    "bulk": N_("The blocks are changed."),
    "unchanged": N_("Nothing had to be changed."),
    "published": N_("Published: customers see it now."),
    "duplicated": N_("This is the copy: a draft of its own."),
    "submitted": N_("Submitted: it waits for a person who publishes it or sends it back."),
    "sent_back": N_("Sent back: it is a draft again."),
    "scheduled": N_("The date is set. It is published then by itself."),
    "unscheduled": N_("The date is taken away: it waits for a person again."),
    "retired": N_("Retired: nobody can buy it any more."),
    "category_deleted": N_("The category is deleted."),
    "image": N_("The picture is stored."),
    "approval_asked": N_("Asked. A second person finds it in the inbox."),
    "approved": N_("Approved: this version may be published as it is."),
    "approval_refused": N_("Refused: this version is not published."),
    "image_removed": N_("The picture is removed."),
    "terms_published": N_("In force: every order from now on is under this version."),
    "synonyms_saved": N_("Saved: the next search knows it."),
    "synonyms_deleted": N_("Deleted: the next search does without it."),
    "dispatched": N_("Dispatched. The customers get an e-mail."),
    "proof": N_("The proof is kept with its order."),
    "effort_noted": N_("The effort is noted."),
    "effort_corrected": N_("The cause is corrected. The level is worked out anew."),
    "effort_decided": N_("Decided. Where the level has changed, the company gets an e-mail."),
    "effort_overridden": N_("The override counts. Where the level has changed, the company gets an e-mail."),
    "effort_override_ended": N_("The override is ended: the figures count again."),
    "run_closed": N_("The run is closed. What is still here goes with the next one."),
    "calendar_closed": N_("The warehouse is closed on these days. New promises know it."),
    "calendar_opened": N_("The warehouse is open on this day again."),
    "segment": N_("The segment is changed, from the company's next click on."),
    "suspended": N_("The shop is closed for this company."),
    "resumed": N_("The shop is open for this company again."),
    "moved_up": N_("Noted: the main brand serves this company."),
    "decided": N_("Decided. The company gets an e-mail."),
    "chargeback_passed": N_("Noted. The order may leave now."),
    "hold_decided": N_(
        "Decided. The gate is asked once more, then the card is charged or the money given back."
    ),
    "no_more_cases": N_("Decided. No other case is waiting."),
    "proof_asked": N_("The company is asked by e-mail. The case comes back when the proof arrives."),
    "proof_arrived": N_("The proof is here: the case waits for a decision again."),
    "objection": N_("Answered. The person who objected gets an e-mail."),
    "retried": N_("The e-mail is tried again now."),
    "sent_again": N_("The e-mail is sent once more."),
    "aborted": N_("The e-mail is given up."),
    "policy": N_("The new policy is in force."),
    "rating_asked": N_("A new rating is being worked out. Its preview will stand here in a moment."),
    "rating_applied": N_("The rating counts, from the companies' next click on."),
    "rating_undone": N_("The rating is undone: every account has what it had before."),
    "overridden": N_("The override counts, from the company's next click on."),
    "override_proposed": N_("Proposed. A second person has to approve it."),
    "override_refused": N_("The override is refused."),
    "override_ended": N_("The override is ended: the rating counts again."),
    "import_cancelled": N_("The import is cancelled; nothing was changed."),
    "import_undone": N_("The import is undone: every row stands there as before."),
    "key_revoked": N_("The key is revoked: it opens nothing any more."),
    "role": N_("The role is changed; the account has to sign in again."),
    "deactivated": N_("The account is closed."),
    "reactivated": N_("The account is open again."),
}
WARNING_DECISIONS = payment_words.WARNING_DECISIONS
DOCUMENT_KINDS, DRAFTS = invoice_words.KINDS, invoice_words.DRAFTS


# What a room of its own says stands in its own module, by the same names.
for _room in (
    book_words,
    card_words,
    complaint_traces,
    difference_words,
    invoice_words,
    mail_words,
    payment_words,
    service_words,
):
    for _name, _all in (
        ("MAIL_KINDS", MAIL_KINDS),
        ("ACTIONS", ACTIONS),
        ("DONE", DONE),
        ("OBJECTS", OBJECTS),
        ("EVENT_VALUES", EVENT_VALUES),
    ):
        _all.update(getattr(_room, _name, {}))
