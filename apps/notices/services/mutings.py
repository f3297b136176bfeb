"""Which kinds of notices somebody wants by e-mail."""

from collections.abc import Collection

from django.db import transaction

from apps.notices.kinds import Kind
from apps.notices.models import Muting
from apps.tenants.models import Organization, User


@transaction.atomic
def choose_emails(*, organization: Organization, user: User, kinds: Collection[str]) -> None:
    """Send `user` notices of `kinds` and no others of this organization."""
    Muting.objects.filter(organization=organization, user=user, kind__in=kinds).delete()
    Muting.objects.bulk_create(
        (
            Muting(organization=organization, user=user, kind=kind)
            for kind in Kind
            if kind not in kinds
        ),
        ignore_conflicts=True,
    )
