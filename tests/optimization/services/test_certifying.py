"""A lever is certified, replaced and withdrawn as the record and the labels say."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from apps.kernel.events import Decision, Event
from apps.kernel.ids import uuid7
from apps.notices.models import Notice
from apps.optimization.access import PolicyTerms
from apps.optimization.certificates import Certificates
from apps.optimization.models import Certificate, Eviction, Evidence, Feedback, ShadowComparison
from apps.optimization.services import Certified, certify, set_policy
from apps.optimization.services.certifying import LASTS
from apps.proxy.snapshot import Shard
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.selectors import organization_access
from apps.usage.services.ingestion import ingest_events
from tests.factories import make_organization
from tests.usage.calls import PROJECT, make_event

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 15, 12, tzinfo=UTC)
STEP = timedelta(minutes=10)
SEEN = 1_400
LEVER, SPACE = "semantic", "n1"


@pytest.fixture
def acme() -> Organization:
    return allowing(make_organization("Acme"))


def allowing(organization: Organization, bound: str = "0.01") -> Organization:
    terms = PolicyTerms(levers={LEVER: "shadow"}, quality_bound=Decimal(bound))
    with tenant_scope(organization):
        set_policy(organization=organization, terms=terms, set_by="u", at=AT)
    return organization


def calls(
    organization: Organization,
    scores: Iterable[float | None],
    *,
    at: datetime,
    decision: str = "shadow",
    namespace: str = SPACE,
    reason: str = "",
) -> list[Event]:
    """The record of calls on which the lever decided, stored."""
    events = [
        make_event(
            organization,
            started_at=at,
            decisions=(Decision(LEVER, decision, reason, None, namespace, score),),
        )
        for score in scores
    ]
    ingest_events(organization=organization, events=events, at=at)
    return events


def label(
    events: Iterable[Event], *, is_wrong: bool, at: datetime, probability: float = 1.0
) -> None:
    ShadowComparison.objects.bulk_create(
        ShadowComparison(
            event_id=event.event_id,
            project_id=event.project_id,
            lever=LEVER,
            namespace=str(event.decisions[0].namespace),
            score=event.decisions[0].score,
            probability=probability,
            is_wrong=is_wrong,
            labeller="judge",
            kind="",
            judge_usd=Decimal("0.001"),
            asked_at=event.started_at,
            judged_at=at,
        )
        for event in events
        if event.decisions[0].score is not None
    )


def run(organization: Organization, at: datetime) -> Certified:
    """At `at`, with all calls before it in."""
    with tenant_scope(organization):
        return certify(organization=organization, at=at + timedelta(minutes=2))


def told(organization: Organization) -> Certificates:
    [known] = organization_access([organization.pk], at=AT)
    return Shard(known, {}).certificates


def grown(organization: Organization, *, wrong_below: float = 0.7) -> Certificate:
    """Warmed up, then three in ten calls with a candidate; those below a score are wrong."""
    calls(organization, [None] * 300, at=AT - STEP)
    run(organization, AT)
    scores = [(0.95, 0.85, 0.6)[n % 10] if n % 10 < 3 else None for n in range(SEEN)]
    with tenant_scope(organization):
        events = calls(organization, scores, at=AT + STEP)
        for event in events:
            score = event.decisions[0].score
            if score is not None:
                label([event], is_wrong=score < wrong_below, at=AT + STEP)
    [issued] = run(organization, AT + 2 * STEP).issued
    return issued


def test_a_namespace_is_certified_down_to_where_it_is_right(acme: Organization) -> None:
    globex = allowing(make_organization("Globex"))
    calls(globex, [0.9] * 50, at=AT)
    run(globex, AT + STEP)
    issued = grown(acme)
    assert (issued.threshold, issued.bound, issued.errors) == (0.61, Decimal("0.0100"), 0)
    assert (issued.requests, issued.labels, issued.look) == (SEEN, 280, 1)
    assert issued.error_upper <= 0.01
    assert issued.cost_usd == Decimal("0.42")
    assert issued.evidence["labellers"] == {"judge": 420}
    assert issued.evidence["thresholds"][-1]["holds"] is False
    at = AT + 3 * STEP
    place = {"project_id": PROJECT, "namespace": SPACE, "at": at}
    known = told(acme).of(LEVER, **place)  # type: ignore[arg-type]
    assert known is not None
    assert (known.id, known.threshold) == (issued.pk, 0.61)
    assert told(globex) == Certificates()
    with tenant_scope(globex):
        assert list(Certificate.objects.all()) == []


def test_nothing_is_certified_without_a_bound_or_labels() -> None:
    silent, unlabelled = allowing(make_organization("A"), "0"), allowing(make_organization("B"))
    with pytest.raises(ValueError, match="not enough values"):
        grown(silent)
    calls(unlabelled, [0.9] * 2_000, at=AT)
    calls(unlabelled, [0.9] * 2_000, at=AT + STEP)
    assert run(unlabelled, AT + 2 * STEP) == Certified()


def test_calls_are_counted_once_however_often_it_runs(acme: Organization) -> None:
    calls(acme, [None] * 300, at=AT - STEP)
    for _ in range(3):
        run(acme, AT)
    calls(acme, [0.95, 0.955, 0.5, None], at=AT + STEP)
    calls(acme, [0.95], at=AT + STEP, namespace="n2")
    calls(acme, [None], at=AT + STEP, reason="eligible")
    for _ in range(3):
        run(acme, AT + 2 * STEP)
    with tenant_scope(acme):
        row = Evidence.objects.get(namespace=SPACE)
    assert (row.seen, row.requests, row.scores) == (304, 4, {"95": 2, "50": 1})


def test_drift_withdraws_and_tells_the_customer(acme: Organization) -> None:
    issued = grown(acme)
    at = AT + 3 * STEP
    with tenant_scope(acme):
        shadowed = calls(acme, [0.9] * 20, at=at)
        label(shadowed[:3], is_wrong=True, at=at, probability=0.1)
    assert run(acme, at + STEP) == Certified()
    with tenant_scope(acme):
        label(shadowed[3:5], is_wrong=True, at=at + 2 * STEP, probability=0.1)
    assert [row.pk for row in run(acme, at + 3 * STEP).ended] == [issued.pk]
    with tenant_scope(acme):
        ended = Certificate.objects.get()
        evidence = Evidence.objects.get()
    assert (ended.end_reason, evidence.requests, evidence.looks) == ("drift", 0, 0)
    assert told(acme).standing == ()
    notice = Notice.objects.get(organization=acme)
    assert (notice.kind, notice.payload["certificate_id"]) == (
        "certificate.withdrawn",
        str(issued.pk),
    )


def test_few_errors_among_many_calls_are_no_drift(acme: Organization) -> None:
    grown(acme)
    at = AT + 3 * STEP
    with tenant_scope(acme):
        shadowed = calls(acme, [0.9] * 3_000, at=at)
        label(shadowed[:4], is_wrong=True, at=at, probability=0.1)
    assert run(acme, at + STEP).ended == []


def test_a_certificate_ends_with_its_time_or_with_a_lower_bound(acme: Organization) -> None:
    issued = grown(acme)
    allowing(acme, "0.0005")
    found = run(acme, AT + 3 * STEP)
    assert [row.end_reason for row in found.ended] == ["bound_lowered"]
    assert (found.issued, told(acme).standing) == ([], ())
    allowing(acme, "0.01")
    with tenant_scope(acme):
        Certificate.objects.filter(pk=issued.pk).update(ended_at=None, end_reason="")
    late = run(acme, issued.issued_at + LASTS)
    assert [row.end_reason for row in late.ended] == ["expired"]


def test_a_later_look_reaches_further_down(acme: Organization) -> None:
    grown(acme, wrong_below=0.0)
    with tenant_scope(acme):
        first = Certificate.objects.get()
        assert first.threshold == 0.0
        first.threshold = 0.9
        first.save()
        label(calls(acme, [0.4] * 1_000, at=AT + 3 * STEP), is_wrong=False, at=AT + 3 * STEP)
    found = run(acme, AT + 4 * STEP)
    assert [row.end_reason for row in found.ended] == ["replaced"]
    assert [(row.threshold, row.look) for row in found.issued] == [(0.0, 2)]


def test_a_complaint_is_an_error_and_evicts(acme: Organization) -> None:
    decision = Decision(LEVER, "act", namespace=SPACE, score=0.9, entry="answer-1")
    served = make_event(acme, started_at=AT, decisions=(decision,))
    ingest_events(organization=acme, events=[served], at=AT)
    with tenant_scope(acme):
        for request_id, score in ((served.event_id, "0.1"), (uuid7(), "0")):
            Feedback.objects.create(
                request_id=request_id, score=Decimal(score), comment="", given_by="u", given_at=AT
            )
    run(acme, AT + STEP)
    run(acme, AT + 2 * STEP)
    with tenant_scope(acme):
        [row] = ShadowComparison.objects.all()
        assert (row.event_id, row.is_wrong, row.labeller) == (served.event_id, True, "feedback")
        assert [each.entry for each in Eviction.objects.all()] == ["answer-1"]
    assert told(acme).evicted == {"answer-1"}


def test_namespaces_of_another_project_are_apart(acme: Organization) -> None:
    other = UUID(int=8)
    events = [
        make_event(
            acme,
            started_at=AT,
            project_id=project,
            decisions=(Decision(LEVER, "none", namespace=SPACE, score=0.5),),
        )
        for project in (PROJECT, other, other)
    ]
    ingest_events(organization=acme, events=events, at=AT)
    run(acme, AT + STEP)
    with tenant_scope(acme):
        seen = dict(Evidence.objects.values_list("project_id", "seen"))
    assert seen == {PROJECT: 1, other: 2}
