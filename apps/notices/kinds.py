"""What notices are about. The values are the `type` of webhook messages: never rename one."""

from enum import StrEnum

from apps.tenants.permissions import Role


class Kind(StrEnum):
    BUDGET_ALERT = "budget.alert"
    PLAN_USAGE = "plan.usage"
    WEBHOOK_DISABLED = "webhook.disabled"
    CERTIFICATE_WITHDRAWN = "certificate.withdrawn"


LABELS: dict[Kind, str] = {
    Kind.BUDGET_ALERT: "A budget reaches a share at which it warns",
    Kind.PLAN_USAGE: "A limit of the plan is half, nearly or fully used",
    Kind.WEBHOOK_DISABLED: "A webhook endpoint failed for days and was turned off",
    Kind.CERTIFICATE_WITHDRAWN: "A lever stopped: more of its answers were wrong than allowed",
}
# A message for trying out an endpoint; nobody subscribes to it.
PING = "webhook.ping"
# Whom notices concern; others have to look at the page.
E_MAILED_ROLES = (Role.OWNER, Role.ADMIN, Role.FINANCE)
