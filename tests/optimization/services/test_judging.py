"""Comparisons become labels without content; a confirmed error takes its answer out."""

from datetime import timedelta

import orjson
import pytest
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.optimization.access import NO_JUDGE, Policy
from apps.optimization.judging.judges import Judge, judge_for
from apps.optimization.models import Eviction, ShadowComparison
from apps.optimization.services import judge_comparisons
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from tests.factories import make_organization, make_project
from tests.optimization.certified import make_certificate
from tests.optimization.comparisons import comparison
from tests.optimization.services.test_certifying import told

pytestmark = pytest.mark.django_db


def document(text: str) -> str:
    return orjson.dumps({"choices": [{"message": {"content": text}}]}).decode()


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


def test_labels_are_kept_and_nothing_else(acme: Organization) -> None:
    project = make_project(acme)
    place = {"organization_id": acme.pk, "project_id": project.pk}
    offered = [
        comparison(**place, given=document("canary"), candidate=document("canary.")),
        comparison(**place, given=document("canary"), candidate=document("another")),
        comparison(**place, given=document("canary"), candidate=None, label=True),
        comparison(**place, given="canary", candidate=document("canary")),
    ]
    with tenant_scope(acme):
        judge_comparisons(organization=acme, comparisons=offered, at=utc_now())
        judge_comparisons(organization=acme, comparisons=offered, at=utc_now())
        rows = list(ShadowComparison.objects.order_by("id").values())
    labels = sorted((row["labeller"], row["is_wrong"]) for row in rows)
    assert labels == [("exact", False), ("exact", True), ("known", True)]
    assert "canary" not in str(rows)
    with tenant_scope(acme):
        assert not Eviction.objects.exists()


def test_a_confirmed_error_takes_its_answer_out(acme: Organization) -> None:
    project = make_project(acme)
    make_certificate(acme, project)
    place = {"organization_id": acme.pk, "project_id": project.pk, "given": document("Yes")}
    offered = [
        comparison(**place, candidate=document("No"), entry="served", score=0.95),
        comparison(**place, candidate=document("No"), entry="not served", score=0.5),
        comparison(**place, candidate=document("Yes"), entry="right", score=0.95),
        comparison(
            **place, candidate=document("No"), entry="elsewhere", score=0.95, namespace="n9"
        ),
    ]
    with tenant_scope(acme):
        judge_comparisons(organization=acme, comparisons=offered, at=utc_now())
        assert [row.entry for row in Eviction.objects.all()] == ["served"]
    assert told(acme).evicted == {"served"}


def test_who_judges(acme: Organization, settings: Settings) -> None:
    project, ids = make_project(acme), {"organization_id": acme.pk, "project_id": acme.pk}
    own = Judge("gpt-4.1-mini", acme.pk, acme.pk)
    assert judge_for(Policy({}, judge_model="gpt-4.1-mini"), **ids) == own
    assert judge_for(Policy({}), **ids) is None
    settings.JUDGE_MODEL = "house-model"
    assert judge_for(Policy({}), **ids) is None
    Organization.objects.filter(pk=acme.pk).update(is_system=True)
    house = judge_for(Policy({}), **ids)
    assert house is not None
    first = acme.projects.order_by("created_at", "id").first()
    assert first is not None
    assert (house.model, house.project_id, project.archived_at) == ("house-model", first.pk, None)
    assert judge_for(Policy({}, judge_model=NO_JUDGE), **ids) is None


def test_evictions_end_when_kept_answers_do(acme: Organization) -> None:
    project, at = make_project(acme), utc_now()
    make_certificate(acme, project)
    place = {"organization_id": acme.pk, "project_id": project.pk, "given": document("Yes")}
    wrong = comparison(**place, candidate=document("No"), entry="new", score=0.95)
    with tenant_scope(acme):
        Eviction.objects.create(entry="old", at=at - timedelta(days=31), cause="feedback")
        judge_comparisons(organization=acme, comparisons=[wrong], at=at)
    assert told(acme).evicted == {"new"}
