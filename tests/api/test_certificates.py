"""Certificates and their evidence through the API, of one's own organization only."""

import pytest

from apps.optimization.access import PolicyTerms
from apps.optimization.models import Certificate
from apps.tenants.context import tenant_scope
from apps.tenants.permissions import Permission
from tests.api.callers import by_key
from tests.factories import make_api_key, make_organization, make_project
from tests.optimization.certified import make_certificate

pytestmark = pytest.mark.django_db
READER = frozenset({Permission.POLICIES_READ})


def test_certificates_are_shown_with_their_evidence_to_their_own_organization() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    issued, foreign = (
        make_certificate(each, make_project(each), name)
        for each, name in ((acme, "n1"), (globex, "n2"))
    )
    call = by_key(make_api_key(acme, READER).text.value)
    [listed] = call("GET", "/certificates").json()["data"]
    assert (listed["id"], listed["state"], listed["bound"]) == (str(issued.pk), "standing", "0.01")
    shown = call("GET", f"/certificates/{issued.pk}").json()
    assert [each["threshold"] for each in shown["thresholds"]] == [0.91]
    assert (shown["labellers"], shown["drift"]) == ({"judge": 290}, 0.0)
    [compared] = shown["comparisons"]
    assert (compared["is_wrong"], compared["labeller"]) == (False, "judge")
    assert call("GET", f"/certificates/{foreign.pk}").status_code == 404


@pytest.mark.parametrize(("reason", "state"), [("drift", "drift"), ("replaced", "replaced")])
def test_an_ended_one_says_why(reason: str, state: str) -> None:
    acme = make_organization("Acme")
    issued = make_certificate(acme, make_project(acme))
    with tenant_scope(acme):
        Certificate.objects.update(ended_at=issued.issued_at, end_reason=reason)
    call = by_key(make_api_key(acme, READER).text.value)
    assert call("GET", f"/certificates/{issued.pk}").json()["state"] == state


def test_a_judge_is_named_in_the_policy() -> None:
    acme = make_organization("Acme")
    scopes = {Permission.POLICIES_READ, Permission.POLICIES_WRITE}
    call = by_key(make_api_key(acme, scopes).text.value)
    assert call("PUT", "/policies", {"judge_model": "gpt-4.1-mini"}).status_code == 200
    [policy] = call("GET", "/policies").json()["policies"]
    assert (policy["judge_model"], policy["effective"]["judge_model"]) == ("gpt-4.1-mini",) * 2
    assert PolicyTerms().judge_model is None
    assert call("PUT", "/policies", {"judge_model": "two words"}).status_code == 400
