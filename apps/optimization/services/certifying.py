"""Certificates are issued, replaced and withdrawn as evidence comes in. Inside the scope."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.optimization.access import Policies
from apps.optimization.certifying import PageHinkley
from apps.optimization.models import Certificate, Evidence, ShadowComparison
from apps.optimization.selectors.policies import standing
from apps.optimization.services.certificates import publish_certificates
from apps.optimization.services.complaints import count_feedback
from apps.optimization.services.evidence import Place, count_calls, restart
from apps.optimization.services.fitting import (
    ERROR_RATE,
    Look,
    comparisons_of,
    cost_of,
    look_at,
    looks_due,
)
from apps.optimization.serving import SHADOW_SHARE
from apps.tenants.models import Organization

LASTS = timedelta(days=30)
KEPT_COMPARISONS = timedelta(days=90)
# Shadowed errors beyond what the bound lets expect.
ERRORS_TO_ALARM = 4.0
ALARM = ERRORS_TO_ALARM / SHADOW_SHARE
DRIFT, EXPIRED, LOWERED, REPLACED = "drift", "expired", "bound_lowered", "replaced"


@dataclass(slots=True)
class Certified:
    """What came of one run."""

    issued: list[Certificate] = field(default_factory=list)
    ended: list[Certificate] = field(default_factory=list)


@transaction.atomic
def certify(*, organization: Organization, at: datetime) -> Certified:
    """Take in what happened since the last run; gateways are told of what changed. Twice at the
    same time is once after the other.
    """
    Organization.objects.select_for_update().get(pk=organization.pk)
    told = count_feedback(at=at)
    ShadowComparison.objects.filter(asked_at__lt=at - KEPT_COMPARISONS).delete()
    new, policies = count_calls(at=at), standing(at=at)
    found = Certified()
    for row, certificate in _followed(new):
        _Following(organization, row, certificate, _bound(policies, row), at, found).follow(
            new.get(row.pk, 0)
        )
    if told or found.issued or found.ended:
        publish_certificates(organization, at=at)
    return found


def _followed(new: dict[UUID, int]) -> Iterator[tuple[Evidence, Certificate | None]]:
    """Namespaces that had calls, or have a certificate."""
    standing_ones: dict[Place, Certificate] = {
        (row.project_id, row.lever, row.namespace): row
        for row in Certificate.objects.filter(ended_at=None)
    }
    for row in Evidence.objects.order_by("last_at", "id"):
        certificate = standing_ones.get((row.project_id, row.lever, row.namespace))
        if certificate is not None or row.pk in new:
            yield row, certificate


def _bound(policies: Policies, row: Evidence) -> Decimal:
    """Of the project: what keys say is looked at by the gateway, call by call."""
    return policies.of(project_id=row.project_id, key_id=row.project_id).quality_bound


@dataclass(slots=True)
class _Following:
    """One namespace in one run."""

    organization: Organization
    row: Evidence
    certificate: Certificate | None
    bound: Decimal
    at: datetime
    found: Certified

    def follow(self, new_calls: int) -> None:
        """End what does not hold any more, then look whether more holds than before."""
        has_ended = self._watch(new_calls)
        due = looks_due(self.row)
        if self.bound > 0 and (due > self.row.looks or has_ended):
            self._look(max(due, self.row.looks + 1))
        self.row.save()

    def _watch(self, new_calls: int) -> bool:
        """True where a certificate ended and the evidence goes on."""
        certificate = self.certificate
        if certificate is None:
            return False
        if self._has_drifted(certificate, new_calls):
            self._end(DRIFT)
            announce(
                organization=self.organization,
                news=_news(certificate, self.row),
                at=self.at,
            )
            restart(self.row, at=self.at)
            return False
        if self.bound < certificate.bound:
            self._end(LOWERED)
        elif self.at >= certificate.expires_at:
            self._end(EXPIRED)
        return self.certificate is None

    def _has_drifted(self, certificate: Certificate, new_calls: int) -> bool:
        since = self.row.told_until or certificate.issued_at
        told = comparisons_of(self.row).filter(
            judged_at__gte=since,
            judged_at__lt=self.at,
            asked_at__gte=certificate.issued_at,
            score__gte=certificate.threshold,
            is_wrong=True,
        )
        wrong = sum(1 / probability for probability in told.values_list("probability", flat=True))
        self.row.told_until = self.at
        test = PageHinkley(0.0, 0.0, ALARM, self.row.drift)
        has_risen = test.observe(wrong - float(certificate.bound) * new_calls)
        self.row.drift = test.excess
        return has_risen

    def _look(self, number: int) -> None:
        below = self.certificate.threshold if self.certificate else None
        look = look_at(self.row, below=below, bound=self.bound, number=number)
        self.row.looks = number
        if look is None:
            return
        if self.certificate is not None:
            self._end(REPLACED)
        self.row.drift, self.row.told_until = 0.0, self.at
        self.found.issued.append(self._issued(look))

    def _issued(self, look: Look) -> Certificate:
        row = self.row
        return Certificate.objects.create(
            project_id=row.project_id,
            lever=row.lever,
            namespace=row.namespace,
            threshold=look.threshold,
            bound=self.bound,
            confidence=1 - Decimal(str(ERROR_RATE)),
            requests=look.requests,
            labels=look.labels,
            errors=look.errors,
            error_upper=look.error_upper,
            hit_upper=look.hit_upper,
            look=look.number,
            cost_usd=cost_of(row),
            terms=dict(look.terms),
            evidence={
                "thresholds": list(look.thresholds),
                "labellers": _labellers(row),
                "since": row.since.isoformat() if row.since else None,
            },
            issued_at=self.at,
            expires_at=self.at + LASTS,
        )

    def _end(self, reason: str) -> None:
        if self.certificate is None:
            return
        self.certificate.ended_at, self.certificate.end_reason = self.at, reason
        self.certificate.save(update_fields=("ended_at", "end_reason"))
        self.found.ended.append(self.certificate)
        self.certificate = None


def _labellers(row: Evidence) -> dict[str, int]:
    counted = comparisons_of(row).order_by().values_list("labeller").annotate(Count("id"))
    return dict(sorted(counted))


def _news(certificate: Certificate, row: Evidence) -> News:
    lever = certificate.lever.replace("_", "-")
    return News(
        kind=Kind.CERTIFICATE_WITHDRAWN,
        once=str(certificate.pk),
        subject=f"The {lever} lever stopped: more of its answers were wrong than you allow",
        advice="It only watches again, and serves nothing until new evidence certifies it. The "
        "page Levers has what was found.",
        payload={
            "certificate_id": str(certificate.pk),
            "project_id": str(certificate.project_id),
            "lever": certificate.lever,
            "bound": f"{certificate.bound.normalize():f}",
            "excess": round(row.drift, 3),
        },
        page="levers",
    )
