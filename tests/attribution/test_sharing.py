"""Links open one thing, for a while, and nothing is stored that could open it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps

from apps.attribution.sharing import services
from apps.attribution.sharing.models import ProofLink, ProofVisit
from apps.attribution.sharing.selectors import proof_links, visits
from apps.attribution.sharing.services import (
    KEPT,
    InvalidProofLink,
    LinkTerms,
    NewLink,
    ProofLinkUnknown,
    TooManyProofLinks,
    count_visit,
    create_proof_link,
    opened_proof_link,
    prune_visits,
    revoke_proof_link,
)
from apps.tenants.context import tenant_scope
from netra.redaction import redacted_text
from tests.attribution.proofs import Proven, make_proof
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def acme() -> Proven:
    return make_proof(make_organization("Acme"), units_a_day=5)


@pytest.fixture
def globex() -> Proven:
    return make_proof(make_organization("Acme"), units_a_day=5)


def terms(proven: Proven) -> LinkTerms:
    return LinkTerms("The auditor", 30, statement_id=proven.statement.pk)


def make(proven: Proven, given: LinkTerms | None = None, at: datetime = AT) -> NewLink:
    with tenant_scope(proven.organization):
        return create_proof_link(
            organization=proven.organization, terms=given or terms(proven), created_by=None, at=at
        )


def test_visits_are_forgotten_a_year_after_their_link_ended(acme: Proven, globex: Proven) -> None:
    expired, revoked, later = make(acme), make(globex), make(globex, at=AT + 10 * DAY)
    for each in (expired, revoked, later):
        count_visit(link=each.link, what="page", at=AT + 10 * DAY)
    revoke_proof_link(organization=globex.organization, link_id=revoked.link.pk, at=AT + 20 * DAY)
    assert prune_visits(at=AT + 20 * DAY + KEPT) == 0
    assert prune_visits(at=AT + 31 * DAY + KEPT) == 2
    assert list(ProofVisit.objects.values_list("link", flat=True)) == [later.link.pk]


def test_a_link_finds_its_organization_without_a_scope_until_it_expires(
    acme: Proven, globex: Proven
) -> None:
    ours, theirs = make(acme), make(globex)
    found = opened_proof_link(token=ours.token, at=AT + 30 * DAY - timedelta(seconds=1))
    assert (found, found.organization) == (ours.link, acme.organization)
    assert found.experiment_id == acme.experiment.pk
    assert opened_proof_link(token=theirs.token, at=AT) == theirs.link
    with pytest.raises(ProofLinkUnknown):
        opened_proof_link(token=ours.token, at=AT + 30 * DAY)


def test_revoked_and_unknown_links_are_one_and_so_are_those_of_closed_organizations(
    acme: Proven, globex: Proven
) -> None:
    revoked, closed = make(acme), make(globex)
    revoke_proof_link(organization=acme.organization, link_id=revoked.link.pk, at=AT + DAY)
    again = revoke_proof_link(
        organization=acme.organization, link_id=revoked.link.pk, at=AT + 2 * DAY
    )
    type(globex.organization).objects.filter(pk=globex.organization.pk).update(closed_at=AT)
    assert again.revoked_at == AT + DAY
    said = set()
    for token in (revoked.token, closed.token, "prf_" + "A" * 43, "", "nap_live_x"):
        with pytest.raises(ProofLinkUnknown) as refused:
            opened_proof_link(token=token, at=AT + DAY)
        said.add(refused.value.detail)
    assert len(said) == 1
    with pytest.raises(ProofLink.DoesNotExist):
        revoke_proof_link(organization=acme.organization, link_id=closed.link.pk, at=AT)


def test_the_token_is_long_drawn_anew_not_stored_and_not_logged(acme: Proven) -> None:
    one, other = make(acme), make(acme)
    secret = one.token.removeprefix("prf_")
    assert (len(secret), one.token == other.token) == (43, False)
    row = ProofLink.objects.filter(pk=one.link.pk).values().get()
    history = apps.get_model("sharing", "ProofLinkEvent").objects.values()
    assert [each for each in (row, *history) if secret in str(each)] == []
    assert redacted_text(f"GET /proof/{one.token}/archive.zip") == (
        "GET /proof/prf_[redacted]/archive.zip"
    )


def test_visits_are_counted_and_the_history_has_only_what_people_did(acme: Proven) -> None:
    made = make(acme)
    count_visit(link=made.link, what="proof", at=AT)
    count_visit(link=made.link, what="archive", at=AT + DAY)
    revoke_proof_link(organization=acme.organization, link_id=made.link.pk, at=AT + 2 * DAY)
    [row] = proof_links(acme.organization)
    assert (row.visit_count, row.visited_at) == (2, AT + DAY)
    assert [(each.what, each.at) for each in visits(row)] == [("archive", AT + DAY), ("proof", AT)]
    history = apps.get_model("sharing", "ProofLinkEvent").objects.order_by("pgh_id")
    assert [each.pgh_label for each in history] == ["insert", "update"]


def test_what_a_link_cannot_be_is_refused(
    acme: Proven, globex: Proven, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = terms(acme)
    for wrong in (
        replace(good, name=" "),
        replace(good, days=0),
        replace(good, days=91),
        replace(good, statement_id=None),
        replace(good, experiment_id=acme.experiment.pk),
        replace(good, statement_id=globex.statement.pk),
        replace(good, statement_id=None, experiment_id=globex.experiment.pk),
    ):
        with pytest.raises(InvalidProofLink):
            make(acme, wrong)
    monkeypatch.setattr(services, "MOST_LINKS", 1)
    make(acme)
    with pytest.raises(TooManyProofLinks):
        make(acme)
    make(acme, at=AT + 30 * DAY)
