"""How far the evidence of each kind of calls is."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.kernel.clock import utc_now
from apps.kernel.ids import uuid7
from apps.optimization.models import Evidence, ShadowComparison
from apps.optimization.selectors import gathered, namespaces
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization, Project
from tests.factories import make_organization, make_project
from tests.optimization.certified import make_certificate

pytestmark = pytest.mark.django_db
AT = utc_now()


def collect(project: Project, namespace: str, *wrong: bool, before: int = 0) -> None:
    """Evidence with a label for each of `wrong`, and `before` of what counts no more."""
    place = {"project_id": project.pk, "lever": "routing", "namespace": namespace}
    Evidence.objects.create(**place, seen=len(wrong), since=AT, last_at=AT)
    for number, is_wrong in enumerate([*wrong, *[True] * before]):
        at = AT if number < len(wrong) else AT - timedelta(hours=1)
        ShadowComparison.objects.create(
            **place, event_id=uuid7(), score=0.5, probability=1.0, is_wrong=is_wrong,
            labeller="judge", kind="", asked_at=at, judged_at=at, judge_usd=Decimal("0.01"),
        )  # fmt: skip


@pytest.fixture
def acme() -> Organization:
    """Beside one that has a kind of the same name."""
    other = make_organization("Acme")
    make_certificate(other, make_project(other))
    return make_organization("Acme")


def test_only_labels_since_the_evidence_began_count(acme: Organization) -> None:
    project = make_project(acme)
    with tenant_scope(acme):
        collect(project, "a>b", True, False, False, before=2)
        [found] = gathered(at=AT)
    assert (found.labels, found.errors, found.usd) == (3, 1, Decimal("0.03"))


def test_each_kind_says_how_far_it_is(acme: Organization) -> None:
    project, second = make_project(acme), make_project(acme, "Second")
    certificate = make_certificate(acme, project, "n1")
    withdrawn = make_certificate(acme, project, "n2")
    with tenant_scope(acme):
        withdrawn.ended_at, withdrawn.end_reason = AT, "drift"
        withdrawn.save()
        collect(second, "a>b", False)
        collect(second, "a>c")
        found = namespaces(at=utc_now())
        of_second = namespaces(at=utc_now(), project_id=second.pk)
    states = {each.namespace: (each.state, each.certificate) for each in found}
    assert found[0].certificate == certificate
    assert states == {
        "n1": ("standing", certificate),
        "n1-gathered": ("watched", None),
        "n2": ("withdrawn", withdrawn),
        "n2-gathered": ("watched", None),
        "a>b": ("collecting", None),
        "a>c": ("watched", None),
    }
    assert {each.namespace for each in of_second} == {"a>b", "a>c"}


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_does_not_grow(
    count: int, acme: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    project = make_project(acme)
    with tenant_scope(acme):
        for number in range(count):
            collect(project, f"a>{number}", False)
        # Three, each of which sets the search path before itself.
        with django_assert_num_queries(3):
            assert len(namespaces(at=AT)) == count
