"""The one registry of routes: who may ask for what. A route that is not in it is refused."""

from dataclasses import dataclass
from enum import StrEnum

from app.staff.rules.roles import Right
from app.staff.rules.scopes import Scope


class Access(StrEnum):
    """`public`: anybody. `known`: signed in, admitted or not. `admitted`: passed the gate. `own`: admitted, and only
    the company's own things. `staff`: a staff member with the right. `half_staff`: staff before the second factor.
    `webhook`: whoever signs. `api`: a program whose key has the scope; no cookie ever counts.
    """

    PUBLIC = "public"
    KNOWN = "known"
    ADMITTED = "admitted"
    OWN = "own"
    STAFF = "staff"
    HALF_STAFF = "half_staff"
    WEBHOOK = "webhook"
    API = "api"


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may ask for one method of one path."""

    access: Access
    right: Right | None = None
    scope: Scope | None = None


def _routes(
    access: Access, *lines: str, right: Right | None = None, scope: Scope | None = None
) -> dict[tuple[str, str], Entry]:
    table: dict[tuple[str, str], Entry] = {}
    for line in lines:
        methods, path = line.split()
        for method in methods.split(","):
            table[method, path] = Entry(access, right, scope)
    return table


REGISTRY: dict[tuple[str, str], Entry] = {
    **_routes(
        Access.PUBLIC,
        "GET /",
        "GET,POST /register",
        "GET,POST /login",
        "GET,POST /verify/{token}",
        "GET,POST /password/forgot",
        "GET,POST /password/reset/{token}",
        "POST /language",
        "GET /imprint",
        "GET /privacy",
        "GET /terms",
        "GET /terms/{name}.pdf",
        "GET /robots.txt",
        "GET /favicon.ico",
        "GET /healthz",
        "GET /readyz",
        "GET,POST /admin/login",
        "GET /api/v1/openapi.json",
    ),
    **_routes(
        Access.KNOWN,
        "POST /logout",
        "GET /status",
        "POST /verify/resend",
        "POST /status/objection",
    ),
    **_routes(
        Access.ADMITTED,
        "GET /catalogue",
        "GET /catalogue/compare",
        "GET /bundles/{slug}",
        "GET /bundles/{slug}/image",
        "GET /cart",
        "POST /cart/lines",
        "POST /cart/lines/{bundle_id}",
        "POST /cart/rational",
        "GET,POST /checkout",
        "GET /services",
        "GET,POST /services/{service_id}",
    ),
    **_routes(
        Access.OWN,
        "GET /checkout/return",
        "GET /orders",
        "GET /orders/{number}",
        "GET /orders/{number}/contract.pdf",
        "POST /orders/{number}/pay",
        "POST /orders/{number}/cancel",
        "POST /orders/{number}/reorder",
        "GET /complaints",
        "GET,POST /complaints/new",
        "GET /complaints/{number}",
        "GET /complaints/{number}/photos/{photo_id}",
        "POST /complaints/{number}/messages",
        "POST /complaints/{number}/reopen",
        "GET,POST /services/offers/{offer_id}",
        "GET,POST /account",
        "POST /account/password",
        "POST /account/sessions/end",
        "GET /account/people",
        "GET,POST /account/standing-orders",
        "GET /account/standing-orders/new",
        "GET,POST /account/standing-orders/{standing_order_id}",
        "POST /account/standing-orders/{standing_order_id}/pause",
        "POST /account/standing-orders/{standing_order_id}/resume",
        "POST /account/standing-orders/{standing_order_id}/end",
        "GET,POST /account/standing-orders/runs/{token}",
        "POST /account/standing-orders/runs/{token}/skip",
        "POST /account/objection",
    ),
    **_routes(Access.WEBHOOK, "POST /hooks/stripe"),
    **_routes(
        Access.API,
        "POST /api/v1/imports/accounts",
        "POST /api/v1/imports/purchases",
        "POST /api/v1/imports/blocks",
        scope=Scope.IMPORTS_WRITE,
    ),
    **_routes(
        Access.API,
        "GET /api/v1/imports/{import_id}",
        "GET /api/v1/imports/{import_id}/rejects",
        scope=Scope.IMPORTS_READ,
    ),
    **_routes(Access.API, "POST /api/v1/orders/check", scope=Scope.ORDERS_CHECK),
    **_routes(Access.API, "POST /api/v1/shipments", scope=Scope.DISPATCH_WRITE),
    **_routes(
        Access.HALF_STAFF,
        "GET,POST /admin/login/code",
        "GET,POST /admin/login/enrol",
        "POST /admin/language",
        "POST /admin/logout",
    ),
    **_routes(
        Access.STAFF,
        "GET /admin",
        "GET /admin/orders",
        "GET /admin/orders/{number}",
        "GET /admin/dispatch",
        "GET /admin/complaints",
        "GET /admin/complaints/{complaint_id}",
        "GET /admin/complaints/{complaint_id}/photos/{photo_id}",
        "GET /admin/dispatch/calendar",
        "GET /admin/dispatch/tracking",
        "GET /admin/dispatch/runs/{run_on}",
        "GET /admin/dispatch/runs/{run_on}/pick-list.pdf",
        "GET /admin/dispatch/runs/{run_on}/packing-slips.pdf",
        "GET /admin/customers",
        "GET /admin/customers/{number}",
        "GET /admin/customers/{number}/agreements",
        "GET /admin/customers/{number}/effort",
        "GET /admin/effort",
        "GET /admin/reports",
        "GET /admin/reports/cost-to-serve",
        "GET /admin/reports/cost-to-serve.csv",
        "GET /admin/screening",
        "GET /admin/screening/{screening_id}",
        "GET /admin/objections",
        "GET /admin/objections/{objection_id}",
        "GET /admin/accounts",
        "GET /admin/accounts/{account_id}",
        "GET /admin/ratings",
        "GET /admin/blocks",
        "GET /admin/blocks/export.csv",
        "GET /admin/blocks/export.xlsx",
        "GET /admin/blocks/{block_id}",
        "GET /admin/synonyms",
        "GET /admin/bundles",
        "GET /admin/bundles/{bundle_id}",
        "GET /admin/bundles/{bundle_id}/image",
        "GET /admin/bundles/{bundle_id}/approval",
        "GET /admin/guards",
        "GET /admin/bundles/{bundle_id}/compare",
        "GET /admin/bundles/{bundle_id}/preview",
        "GET /admin/categories",
        "GET /admin/categories/{category_id}",
        "GET /admin/discovery",
        "GET /admin/bundles/{bundle_id}/evidence",
        "GET /admin/bundles/{bundle_id}/notes",
        "GET /admin/blocks/{block_id}/notes",
        "GET /admin/mail",
        "GET /admin/mail/{mail_id}",
        "GET /admin/policy",
        "GET /admin/terms",
        "GET /admin/terms/{name}",
        "GET /admin/payments",
        "GET /admin/gate",
        "GET /admin/services",
        "GET /admin/services/{service_id}",
        "GET /admin/services/orders",
        "GET /admin/customers/{number}/visit",
        "GET /admin/reports/exceptions",
        "GET /admin/reports/order-sizes",
        "GET /admin/reports/order-sizes/export.csv",
        "GET /admin/imports",
        "GET /admin/imports/{import_id}",
        "GET /admin/imports/samples/{kind}",
        right=Right.VIEW,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/dispatch",
        "POST /admin/customers/{number}/effort",
        "POST /admin/orders/{number}/effort",
        "POST /admin/orders/{number}/chargeback",
        "POST /admin/dispatch/calendar",
        "POST /admin/dispatch/calendar/{day}/remove",
        "POST /admin/dispatch/tracking",
        "POST /admin/dispatch/runs/{run_on}/close",
        right=Right.DISPATCH,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/complaints/{complaint_id}",
        "POST /admin/complaints/{complaint_id}/messages",
        "POST /admin/complaints/{complaint_id}/refund",
        right=Right.COMPLAINTS,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/services/orders/{number}",
        "POST /admin/orders/{number}/services",
        "POST /admin/services/offers/{offer_id}/withdraw",
        "POST /admin/customers/{number}/visit",
        right=Right.DISPATCH,
    ),
    **_routes(Access.STAFF, "POST /admin/visits/{visit_id}", right=Right.APPROVE),
    **_routes(
        Access.STAFF,
        "POST /admin/services",
        "POST /admin/services/{service_id}",
        "POST /admin/services/{service_id}/move",
        right=Right.POLICY,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/screening/{screening_id}",
        "POST /admin/orders/{number}/hold",
        right=Right.SCREEN,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/customers/{number}/segment",
        "POST /admin/customers/{number}/override",
        "POST /admin/accounts/{account_id}/override",
        "POST /admin/overrides/{override_id}",
        "POST /admin/ratings",
        "POST /admin/ratings/{run_id}/apply",
        "POST /admin/ratings/{run_id}/undo",
        "POST /admin/customers/{number}/suspend",
        "POST /admin/customers/{number}/resume",
        "POST /admin/customers/{number}/move-up",
        "POST /admin/customers/{number}/agreements",
        "POST /admin/objections/{objection_id}",
        "POST /admin/customers/{number}/effort/step",
        "POST /admin/customers/{number}/effort/override",
        "POST /admin/effort/{event_id}",
        right=Right.CUSTOMERS,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/blocks",
        "POST /admin/blocks/bulk",
        "POST /admin/blocks/{block_id}",
        "POST /admin/blocks/{block_id}/stock",
        "POST /admin/bundles",
        "POST /admin/bundles/{bundle_id}",
        "POST /admin/bundles/{bundle_id}/submit",
        "POST /admin/bundles/{bundle_id}/send-back",
        "POST /admin/bundles/{bundle_id}/schedule",
        "POST /admin/bundles/{bundle_id}/unschedule",
        "POST /admin/bundles/{bundle_id}/publish",
        "POST /admin/bundles/{bundle_id}/retire",
        "POST /admin/bundles/{bundle_id}/image",
        "POST /admin/bundles/margin",
        "POST /admin/bundles/{bundle_id}/approval",
        "POST /admin/bundles/{bundle_id}/duplicate",
        "POST /admin/categories",
        "POST /admin/categories/{category_id}",
        "POST /admin/categories/{category_id}/move",
        "POST /admin/categories/{category_id}/delete",
        "POST /admin/synonyms",
        "POST /admin/synonyms/{group_id}",
        "POST /admin/discovery",
        "POST /admin/discovery/{proposal_id}/draft",
        "POST /admin/discovery/{proposal_id}/dismiss",
        "POST /admin/discovery/{proposal_id}/reopen",
        "POST /admin/bundles/{bundle_id}/notes",
        "POST /admin/blocks/{block_id}/notes",
        right=Right.CATALOGUE,
    ),
    **_routes(Access.STAFF, "POST /admin/bundles/{bundle_id}/approval/decision", right=Right.APPROVE),
    **_routes(
        Access.STAFF,
        "POST /admin/mail/{mail_id}/retry",
        "POST /admin/mail/{mail_id}/abort",
        right=Right.MAIL,
    ),
    **_routes(
        Access.STAFF,
        "POST /admin/imports",
        "POST /admin/imports/{import_id}/columns",
        "POST /admin/imports/{import_id}/apply",
        "POST /admin/imports/{import_id}/cancel",
        "POST /admin/imports/{import_id}/undo",
        "GET /admin/imports/{import_id}/rejects",
        right=Right.IMPORT,
    ),
    **_routes(Access.STAFF, "POST /admin/policy", "POST /admin/terms", right=Right.POLICY),
    **_routes(Access.STAFF, "GET /admin/audit", right=Right.AUDIT),
    **_routes(
        Access.STAFF,
        "GET,POST /admin/staff",
        "POST /admin/staff/{staff_member_id}",
        "GET,POST /admin/api-keys",
        "POST /admin/api-keys/{key_id}",
        right=Right.STAFF,
    ),
}
