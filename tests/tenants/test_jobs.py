from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app, shared_task
from kombu.exceptions import OperationalError
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from apps.kernel.clock import utc_now
from apps.tenants import jobs
from apps.tenants.context import NoTenantScope, current_tenant
from apps.tenants.models import Job, Organization
from tests.factories import make_organization

pytestmark = pytest.mark.django_db


class Broker:
    """Takes messages, or is down."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.is_down = False

    def send_task(self, name: str, *, kwargs: dict[str, str], **options: Any) -> None:
        if self.is_down:
            raise OperationalError("connection refused")
        self.sent.append((name, kwargs))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(current_app, "send_task", broker.send_task)
    return broker


def test_a_job_is_published_after_commit_with_its_organization(
    broker: Broker, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    organization = make_organization()
    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.enqueue("a.task", organization=organization, at=utc_now(), number=7)
        assert broker.sent == []

    assert broker.sent == [
        (
            "a.task",
            {"number": 7, "organization_id": str(organization.pk), "job_id": str(job.pk)},
        )
    ]


def test_a_job_waits_out_an_outage_of_the_broker(
    broker: Broker, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    broker.is_down, at = True, utc_now()
    with django_capture_on_commit_callbacks(execute=True):
        jobs.enqueue("a.task", organization=make_organization(), at=at)
    assert jobs.publish_waiting(at=at + timedelta(minutes=2)) == 0

    broker.is_down = False

    assert jobs.publish_waiting(at=at + timedelta(minutes=3)) == 1
    assert jobs.publish_waiting(at=at + timedelta(minutes=4)) == 0
    assert len(broker.sent) == 1


def test_a_job_that_never_reached_the_broker_is_not_given_up(broker: Broker) -> None:
    at = utc_now()
    jobs.enqueue("a.task", organization=make_organization(), at=at)

    assert jobs.publish_waiting(at=at + timedelta(days=30)) == 1


def test_a_job_lost_with_its_worker_is_published_again(broker: Broker) -> None:
    at = utc_now()
    job = jobs.enqueue("a.task", organization=make_organization(), at=at)
    Job.objects.filter(pk=job.pk).update(published_at=at)

    assert jobs.publish_waiting(at=at + jobs.LOST_AFTER) == 0
    assert jobs.publish_waiting(at=at + jobs.LOST_AFTER + timedelta(seconds=1)) == 1

    Job.objects.filter(pk=job.pk).update(finished_at=at)
    assert jobs.publish_waiting(at=at + timedelta(hours=1)) == 0


def test_a_job_that_keeps_failing_is_given_up_after_a_day(broker: Broker) -> None:
    at = utc_now()
    jobs.enqueue("a.task", organization=make_organization(), at=at)
    Job.objects.update(published_at=at)
    just_before = at + jobs.GIVEN_UP_AFTER - timedelta(seconds=1)

    assert jobs.publish_waiting(at=just_before) == 1
    assert jobs.publish_waiting(at=just_before + jobs.LOST_AFTER) == 0


@shared_task(name="tests.name_the_tenant", base=jobs.TenantTask)
def name_the_tenant() -> str:
    return current_tenant().name


def test_a_task_runs_inside_the_scope_of_its_organization() -> None:
    acme, globex = make_organization("Acme"), make_organization("Globex")

    assert [name_the_tenant(organization_id=str(each.pk)) for each in (acme, globex, acme)] == [
        "Acme",
        "Globex",
        "Acme",
    ]


def test_a_task_refuses_to_run_without_an_organization() -> None:
    with pytest.raises(NoTenantScope, match=r"tests.name_the_tenant belongs to one"):
        name_the_tenant()


def test_a_task_of_an_unknown_organization_fails() -> None:
    with pytest.raises(Organization.DoesNotExist):
        name_the_tenant(organization_id=str(uuid4()))
