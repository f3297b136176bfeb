"""Places for people: members, and those who are invited."""

from datetime import datetime

from apps.tenants.models import Organization
from apps.tenants.plans import Allowance, PlanLimitReached, amount_of, plan_of, upgrade_advice
from apps.tenants.selectors import entitlements, seats_taken


def require_seat(*, organization: Organization, email: str, at: datetime) -> None:
    """Refuse a person more than the plan allows. To be run in a transaction.

    email: of somebody whose open invitation, if there is one, is about to be replaced. Raises
    PlanLimitReached.
    """
    # Of two invitations at once, the second counts the first.
    Organization.objects.select_for_update().get(pk=organization.pk)
    in_force = entitlements(organization, at=at)
    seats = amount_of(in_force, Allowance.SEATS)
    if seats is None or seats_taken(organization, at=at, without=email) < seats:
        return
    raise PlanLimitReached(
        f"Your plan {plan_of(in_force).name} has {seats:,} seats, open invitations included, and "
        f"all are taken. {upgrade_advice(in_force, Allowance.SEATS)} Or remove a member, or "
        "withdraw an invitation."
    )
