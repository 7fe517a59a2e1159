"""Places where a test kills the process, to prove that nothing is lost there."""

import os
import signal

VARIABLE = "SHOP_FAILPOINT"

ALL = (
    "place_order.before_commit",
    "place_order.after_commit",
    "start_payment.after_intent",
    "start_payment.after_payer",
    "start_payment.after_session",
    "start_payment.after_note",
    "receive_stripe_event.before_commit",
    "receive_stripe_event.after_commit",
    "settle_payment.before_decision",
    "settle_payment.after_decision",
    "settle_payment.after_stripe",
    "hold_payment.before_commit",
    "hold_payment.after_commit",
    "decide_hold.before_commit",
    "decide_hold.after_commit",
    "settle_payment.before_finish",
    "settle_payment.after_finish",
    "cancel_order.before_commit",
    "cancel_order.after_commit",
    "keep_card.before_commit",
    "remove_card.before_commit",
    "pay_with_kept_card.before_commit",
    "pay_with_kept_card.after_commit",
    "charge_fee.before_commit",
    "charge_kept_card.after_stripe",
    "charge_kept_card.before_note",
    "charge_kept_card.after_note",
    "refund_order.before_commit",
    "refund_order.after_commit",
    "decide_refund.before_commit",
    "decide_warning.before_commit",
    "look_at_refund.before_commit",
    "look_at_refund.after_finish",
    "follow_dispute.before_commit",
    "follow_dispute.after_commit",
    "send_evidence.before_commit",
    "submit_dispute.after_files",
    "submit_dispute.after_stripe",
    "submit_dispute.before_commit",
    "pay_back.after_stripe",
    "pay_back.before_finish",
    "dispatch_order.before_commit",
    "dispatch_order.after_commit",
    "tell_late_orders.before_commit",
    "send_mail.before_intent",
    "send_mail.before_smtp",
    "send_mail.after_smtp",
    "send_mail.after_note",
    "apply_import.after_read",
    "apply_import.before_commit",
    "apply_import.after_commit",
    "undo_import.before_commit",
    "publish_scheduled.before_commit",
    "publish_scheduled.after_commit",
    "ask_standing_orders.before_commit",
    "ask_standing_orders.after_commit",
    "issue_invoice.before_commit",
    "issue_invoice.after_commit",
)

_armed = os.environ.get(VARIABLE, "")


def reach(name: str) -> None:
    """Does nothing, unless this process was started with SHOP_FAILPOINT=name: then it dies here at once."""
    if _armed == name:
        os.kill(os.getpid(), signal.SIGKILL)
