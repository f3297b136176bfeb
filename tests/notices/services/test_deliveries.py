"""Deliveries from the first attempt to the last, under a clock of the test's own."""

from datetime import datetime, timedelta

import orjson
import pytest

from apps.notices.kinds import Kind
from apps.notices.models import Attempt, Delivery, Notice
from apps.notices.services.announcing import News, announce
from apps.notices.services.deliveries import (
    EndpointDisabled,
    attempt_delivery,
    ping_endpoint,
    redeliver,
)
from apps.notices.services.endpoints import (
    NewSecret,
    create_endpoint,
    enable_endpoint,
    rotate_secret,
)
from apps.notices.services.handing import ASKED_FOR, hand_over_due
from apps.notices.webhooks.backoff import MOST_ATTEMPTS, WAITS
from apps.tenants.models import Job, Organization
from tests.factories import make_organization
from tests.notices.receivers import AT, URL, Clock, Receiver, is_signed_by

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Organization:
    return make_organization("Acme")


@pytest.fixture
def made(acme: Organization) -> NewSecret:
    return create_endpoint(organization=acme, url=URL, at=AT)


def tell(organization: Organization, once: str = "1", kind: Kind = Kind.BUDGET_ALERT) -> Notice:
    news = News(kind, once, "Half is spent", "Look at it.", {"fraction": "0.5"}, "limits")
    notice = announce(organization=organization, news=news, at=AT)
    assert notice is not None
    return notice


def attempt(delivery: Delivery, receiver: Receiver, at: datetime) -> bool:
    answer = attempt_delivery(
        delivery_id=delivery.pk, transport=receiver, at=at, clock=lambda: at, draw=lambda: 0.0
    )
    delivery.refresh_from_db()
    return answer is not None


def test_a_notice_arrives_once_with_the_signature_of_its_endpoint(
    acme: Organization, made: NewSecret
) -> None:
    theirs = create_endpoint(organization=make_organization("Acme"), url=URL, at=AT)
    notice, receiver = tell(acme), Receiver()
    delivery = Delivery.objects.get()
    assert attempt(delivery, receiver, AT)
    assert not attempt(delivery, receiver, AT + timedelta(days=1))
    (request,) = receiver.requests
    assert (str(request.url), request.headers["webhook-id"]) == (URL, f"msg_{notice.pk.hex}")
    assert orjson.loads(request.content) == {
        "type": "budget.alert",
        "timestamp": "2026-03-15T12:00:00+00:00",
        "data": {"fraction": "0.5", "summary": "Half is spent"},
    }
    assert is_signed_by(made.secret, request)
    assert not is_signed_by(theirs.secret, request)
    assert (delivery.state, delivery.attempts.get().excerpt) == ("delivered", "thanks")


def test_a_message_is_tried_ten_times_under_one_id_and_then_given_up(
    acme: Organization, made: NewSecret
) -> None:
    tell(acme)
    delivery, receiver, clock = Delivery.objects.get(), Receiver(503, "later"), Clock()
    for wait in WAITS:
        assert attempt(delivery, receiver, clock())
        assert delivery.next_attempt_at == clock() + wait
        assert not attempt(delivery, receiver, clock.move(wait - timedelta(seconds=1)))
        clock.move(timedelta(seconds=1))
    assert attempt(delivery, receiver, clock())
    assert (delivery.state, delivery.attempt_count) == ("failed", MOST_ATTEMPTS)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 10
    assert [is_signed_by(made.secret, request) for request in receiver.requests] == [True] * 10
    rows = Attempt.objects.values_list("status", "error", "excerpt")
    assert list(rows) == [(503, "", "later")] * 10


@pytest.mark.parametrize("status", [None, 199 + 101, 301, 400, 500])
def test_anything_but_2xx_is_tried_again(
    status: int | None, acme: Organization, made: NewSecret
) -> None:
    tell(acme)
    delivery = Delivery.objects.get()
    attempt(delivery, Receiver(status), AT)
    assert (delivery.state, delivery.next_attempt_at) == ("waiting", AT + WAITS[0])


def test_a_worker_that_dies_in_an_attempt_is_waited_for(
    acme: Organization, made: NewSecret
) -> None:
    class Killed(BaseException):
        pass

    class Killer(Receiver):
        def handle_request(self, request: object) -> None:  # type: ignore[override]
            raise Killed

    tell(acme)
    delivery, receiver = Delivery.objects.get(), Receiver()
    with pytest.raises(Killed):
        attempt(delivery, Killer(), AT)
    assert not attempt(delivery, receiver, AT + timedelta(seconds=30))
    assert attempt(delivery, receiver, AT + timedelta(minutes=2))
    assert (delivery.state, delivery.attempt_count) == ("delivered", 2)


def test_what_is_due_is_handed_to_workers_once(acme: Organization, made: NewSecret) -> None:
    tell(acme)
    jobs = Job.objects.filter(task="notices.attempt_delivery")
    assert (jobs.count(), hand_over_due(at=AT)) == (1, 0)
    delivery = Delivery.objects.get()
    attempt(delivery, Receiver(500), AT)
    assert hand_over_due(at=AT) == 0
    due = AT + WAITS[0]
    assert (hand_over_due(at=due), hand_over_due(at=due)) == (1, 0)
    # The worker that was asked was lost.
    assert hand_over_due(at=due + ASKED_FOR) == 1
    assert {job.organization_id for job in jobs} == {acme.pk}


def test_an_endpoint_that_fails_for_days_is_turned_off_and_people_are_told(
    acme: Organization, made: NewSecret
) -> None:
    receiver, endpoint = Receiver(500), made.endpoint
    for day in range(6):
        tell(acme, once=str(day))
        newest = Delivery.objects.order_by("created_at", "id").last()
        assert newest is not None
        attempt(newest, receiver, AT + timedelta(days=day))
    endpoint.refresh_from_db()
    assert endpoint.disabled_at == AT + timedelta(days=5)
    assert {delivery.state for delivery in Delivery.objects.all()} == {"failed"}
    told = Notice.objects.get(kind=Kind.WEBHOOK_DISABLED)
    assert (told.organization, told.subject) == (acme, f"A webhook endpoint was turned off: {URL}")
    assert told.payload["reason"] == "Nothing went through for 5 days."
    tell(acme, once="later")
    assert Delivery.objects.count() == 6


def test_one_success_gives_an_endpoint_its_patience_back(
    acme: Organization, made: NewSecret
) -> None:
    for day, status in enumerate([500, 500, 200, 500, 500, 500, 500]):
        tell(acme, once=str(day))
        newest = Delivery.objects.order_by("created_at", "id").last()
        assert newest is not None
        attempt(newest, Receiver(status), AT + timedelta(days=day))
    made.endpoint.refresh_from_db()
    assert (made.endpoint.disabled_at, made.endpoint.failing_since) == (
        None,
        AT + timedelta(days=3),
    )


def test_an_endpoint_that_says_it_is_gone_is_turned_off_at_once(
    acme: Organization, made: NewSecret
) -> None:
    tell(acme)
    delivery = Delivery.objects.get()
    attempt(delivery, Receiver(410), AT)
    made.endpoint.refresh_from_db()
    assert (delivery.state, made.endpoint.disabled_reason) == ("failed", "It answered 410 Gone.")
    with pytest.raises(EndpointDisabled):
        redeliver(organization=acme, delivery_id=delivery.pk, at=AT)
    with pytest.raises(EndpointDisabled):
        ping_endpoint(organization=acme, endpoint_id=made.endpoint.pk, at=AT)


def test_a_message_is_sent_again_by_hand_under_its_id(acme: Organization, made: NewSecret) -> None:
    tell(acme)
    delivery, receiver = Delivery.objects.get(), Receiver(410)
    attempt(delivery, receiver, AT)
    enable_endpoint(organization=acme, endpoint_id=made.endpoint.pk)
    redeliver(organization=acme, delivery_id=delivery.pk, at=AT)
    receiver.status = 204
    assert attempt(delivery, receiver, AT)
    first, second = (request.headers["webhook-id"] for request in receiver.requests)
    assert (delivery.state, delivery.attempt_count, first == second) == ("delivered", 1, True)
    other = make_organization("Acme")
    with pytest.raises(Delivery.DoesNotExist):
        redeliver(organization=other, delivery_id=delivery.pk, at=AT)


def test_a_ping_goes_to_its_endpoint_alone(acme: Organization, made: NewSecret) -> None:
    create_endpoint(organization=acme, url=f"{URL}&second", at=AT)
    ping_endpoint(organization=acme, endpoint_id=made.endpoint.pk, at=AT)
    delivery, receiver = Delivery.objects.get(), Receiver()
    attempt(delivery, receiver, AT)
    (request,) = receiver.requests
    assert is_signed_by(made.secret, request)
    assert orjson.loads(request.content)["type"] == "webhook.ping"


def test_a_rotated_secret_signs_until_its_overlap_ends(acme: Organization, made: NewSecret) -> None:
    new = rotate_secret(
        organization=acme, endpoint_id=made.endpoint.pk, overlap=timedelta(hours=1), at=AT
    )
    tell(acme)
    delivery, receiver = Delivery.objects.get(), Receiver(500)
    attempt(delivery, receiver, AT)
    attempt(delivery, receiver, AT + timedelta(hours=1))
    assert [
        (is_signed_by(new.secret, request), is_signed_by(made.secret, request))
        for request in receiver.requests
    ] == [(True, True), (True, False)]


def test_endpoints_get_the_kinds_that_they_asked_for(acme: Organization) -> None:
    create_endpoint(organization=acme, url=URL, kinds=[Kind.PLAN_USAGE], at=AT)
    tell(acme)
    assert Delivery.objects.count() == 0
    tell(acme, kind=Kind.PLAN_USAGE)
    assert Delivery.objects.get().kind == "plan.usage"
