"""Telling gateways what is certified, and what is not to be served again."""

from datetime import datetime, timedelta

from apps.optimization import certificates
from apps.optimization.models import Certificate, Eviction
from apps.optimization.selectors.policies import LONGEST_TTL_S
from apps.tenants.models import Organization
from apps.tenants.services.gateway_parts import publish_part

# Of the newest; an older answer is likely gone by itself.
MOST_EVICTIONS = 5_000
MOST_CERTIFICATES = 2_000


def publish_certificates(organization: Organization, *, at: datetime) -> None:
    """What stands and what is evicted, to all gateways; in the transaction that changed it."""
    kept_since = at - timedelta(seconds=LONGEST_TTL_S)
    Eviction.objects.filter(at__lt=kept_since).delete()
    evicted = Eviction.objects.order_by("-at", "entry").values_list("entry", flat=True)
    rows = Certificate.objects.filter(ended_at=None, expires_at__gt=at)
    known = certificates.Certificates(
        tuple(map(_access, rows.order_by("issued_at", "id")[:MOST_CERTIFICATES])),
        frozenset(evicted[:MOST_EVICTIONS]),
    )
    publish_part(organization=organization, name=certificates.PART, document=known.to_dict(), at=at)


def evict(entries: set[str], *, cause: str, at: datetime) -> int:
    """Kept answers that were found wrong; how many were not known as such. Publish afterwards."""
    known = set(Eviction.objects.filter(entry__in=entries).values_list("entry", flat=True))
    rows = [Eviction(entry=entry, at=at, cause=cause) for entry in sorted(entries - known)]
    Eviction.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _access(row: Certificate) -> certificates.Certificate:
    return certificates.Certificate(
        id=row.pk,
        lever=row.lever,
        project_id=row.project_id,
        namespace=row.namespace,
        threshold=row.threshold,
        bound=row.bound,
        expires_at=row.expires_at,
        terms=row.terms,
    )
