"""What notices are about. The values are the `type` of webhook messages: never rename one."""

from enum import StrEnum

from apps.tenants.permissions import Role


class Kind(StrEnum):
    BUDGET_ALERT = "budget.alert"
    PLAN_USAGE = "plan.usage"
    WEBHOOK_DISABLED = "webhook.disabled"
    DEFERRED_CALL_COMPLETED = "deferred_call.completed"
    HEAD_SIGNED = "proof.head_signed"
    LEVERS_PAUSED = "proof.levers_paused"
    BILLING_PAUSED = "proof.billing_paused"
    STATEMENT_FINALIZED = "statement.finalized"
    STATEMENT_CORRECTED = "statement.corrected"
    DISPUTE_OPENED = "proof.dispute_opened"
    DISPUTE_ANSWERED = "proof.dispute_answered"
    CERTIFICATE_WITHDRAWN = "certificate.withdrawn"


LABELS: dict[Kind, str] = {
    Kind.BUDGET_ALERT: "A budget reaches a share at which it warns",
    Kind.PLAN_USAGE: "A limit of the plan is half, nearly or fully used",
    Kind.WEBHOOK_DISABLED: "A webhook endpoint failed for days and was turned off",
    Kind.DEFERRED_CALL_COMPLETED: "A call that was put off has its answer",
    Kind.HEAD_SIGNED: "The signed head of the log of savings, each day",
    Kind.LEVERS_PAUSED: "Levers were paused because answers were worse than your bound allows",
    Kind.BILLING_PAUSED: "Billing of savings is paused because conversations left the draw",
    Kind.STATEMENT_FINALIZED: "A savings statement is closed",
    Kind.STATEMENT_CORRECTED: "A savings statement is corrected",
    Kind.DISPUTE_OPENED: "A savings statement is disputed",
    Kind.DISPUTE_ANSWERED: "A disputed savings statement was recomputed",
    Kind.CERTIFICATE_WITHDRAWN: "A lever stopped: more of its answers were wrong than allowed",
}
# A message for trying out an endpoint; nobody subscribes to it.
PING = "webhook.ping"
# What programs wait for: neither kept as a notice nor e-mailed.
WEBHOOK_ONLY = frozenset({Kind.DEFERRED_CALL_COMPLETED})
# Whom notices concern; others have to look at the page.
E_MAILED_ROLES = (Role.OWNER, Role.ADMIN, Role.FINANCE)
# What the finance contact keeps: e-mailed to them alone, to the owner where nobody has that role.
KEPT_BY_FINANCE = frozenset({Kind.HEAD_SIGNED})
# Plain text of its own; all others share one text with an HTML part.
TEXTS = {Kind.HEAD_SIGNED: "email/head_signed.txt"}
