"""Staff enter an organization explicitly, for a reason and a time; read-only by default."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.tenants.models import Organization, SupportAccess, User

ACCESS_LIFETIME = timedelta(hours=1)


class SupportAccessRefused(NetraError):
    code = "support_access_refused"
    http_status = 403


@transaction.atomic
def open_support_access(
    *, organization: Organization, staff: User, reason: str, may_write: bool, at: datetime
) -> SupportAccess:
    """Let `staff` see `organization` for an hour; ends any other access of theirs.

    Raises SupportAccessRefused for people who are not staff and for an empty reason.
    """
    if not staff.is_staff or not staff.is_active:
        raise SupportAccessRefused("Only our staff may open support access.")
    if len(reason.strip()) < 10:
        raise SupportAccessRefused("Say why in at least ten characters; the customer can read it.")
    close_support_access(staff=staff, at=at)
    return SupportAccess.objects.create(
        organization=organization,
        staff=staff,
        reason=reason.strip(),
        may_write=may_write,
        started_at=at,
        expires_at=at + ACCESS_LIFETIME,
    )


def close_support_access(*, staff: User, at: datetime) -> int:
    """End what `staff` has open; returns how many accesses that were."""
    return SupportAccess.objects.open(at=at).filter(staff=staff).update(ended_at=at)
