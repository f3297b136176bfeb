"""A certificate with its evidence, for tests that show it."""

from datetime import timedelta
from decimal import Decimal

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.optimization.models import Certificate, Evidence, ShadowComparison
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization, Project


def make_certificate(
    organization: Organization, project: Project, namespace: str = "n1"
) -> Certificate:
    """One that stands, by one comparison; beside it evidence that is still being gathered."""
    at = utc_now()
    place = {"project_id": project.pk, "lever": "semantic", "namespace": namespace}
    step = {"threshold": 0.91, "served": 300, "labels": 290, "errors": 0, "holds": True}
    uppers = {"request_upper": 0.004, "hit_upper": 0.012}
    with tenant_scope(organization):
        for each in (namespace, f"{namespace}-gathered"):
            Evidence.objects.create(**place | {"namespace": each}, seen=1_400, last_at=at)
        ShadowComparison.objects.create(
            **place,
            event_id=uuid7(),
            score=0.93,
            probability=0.1,
            is_wrong=False,
            labeller="judge",
            kind="",
            asked_at=at,
            judged_at=at,
            judge_usd=Decimal("0.001"),
        )
        return Certificate.objects.create(
            **place,
            threshold=0.91,
            bound=Decimal("0.01"),
            confidence=Decimal("0.95"),
            requests=1_100,
            labels=290,
            errors=0,
            error_upper=0.004,
            hit_upper=0.012,
            look=1,
            cost_usd=Decimal("0.001"),
            evidence={"thresholds": [step | uppers], "labellers": {"judge": 290}},
            issued_at=at,
            expires_at=at + timedelta(days=30),
        )
