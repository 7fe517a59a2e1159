"""The entries of the staff's menu that a role may open."""

from dataclasses import dataclass

from app.core.errors import N_
from app.core.i18n import translate
from app.web.access import REGISTRY
from app.web.visitor import StaffVisitor

ENTRIES = (
    ("/admin", N_("Inbox")),
    ("/admin/orders", N_("Orders")),
    ("/admin/dispatch", N_("Dispatch")),
    ("/admin/proofs", N_("Proofs of delivery")),
    ("/admin/complaints", N_("Complaints")),
    ("/admin/services", N_("Special services")),
    ("/admin/customers", N_("Customers")),
    ("/admin/screening", N_("Screening")),
    ("/admin/objections", N_("Objections")),
    ("/admin/effort", N_("Effort")),
    ("/admin/accounts", N_("Main accounts")),
    ("/admin/ratings", N_("Ratings")),
    ("/admin/imports", N_("Imports")),
    ("/admin/bundles", N_("Bundles")),
    ("/admin/discovery", N_("Discovery")),
    ("/admin/blocks", N_("Blocks")),
    ("/admin/categories", N_("Categories")),
    ("/admin/synonyms", N_("Synonyms")),
    ("/admin/payments", N_("Payments")),
    ("/admin/refunds", N_("Refunds")),
    ("/admin/disputes", N_("Disputes")),
    ("/admin/invoices", N_("Invoices")),
    ("/admin/books", N_("Books")),
    ("/admin/mail", N_("E-mails")),
    ("/admin/policy", N_("Policy")),
    ("/admin/reports", N_("Reports")),
    ("/admin/terms", N_("Terms")),
    ("/admin/gate", N_("Gate")),
    ("/admin/staff", N_("Staff")),
    ("/admin/api-keys", N_("API keys")),
    ("/admin/audit", N_("Audit log")),
)


@dataclass(frozen=True)
class NavigationEntry:
    """One line of the menu."""

    path: str
    label: str
    is_current: bool
    count: int = 0


def admin_nav(staff: StaffVisitor | None, *, path: str, language: str) -> list[NavigationEntry]:
    """What this staff member may open, in a fixed order; nothing before the second factor."""
    if staff is None or not staff.has_second_factor:
        return []
    return [
        NavigationEntry(entry, translate(language, label), _is_current(entry, path))
        for entry, label in ENTRIES
        if (right := REGISTRY["GET", entry].right) is not None and staff.may(right)
    ]


def _is_current(entry: str, path: str) -> bool:
    return path == entry or (entry != "/admin" and path.startswith(entry + "/"))
