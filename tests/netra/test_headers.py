"""Every kind of answer carries the headers that protect a browser."""

import pytest
from django.test import Client

from tests.factories import make_organization, make_user

KINDS = {
    "page": ("/accounts/login/", 200),
    "redirect": ("/staff/", 302),
    "not found": ("/nowhere/", 404),
    "refused": ("/api/v1/organization", 401),
    "not allowed": ("/o/acme/", 302),
    "probe": ("/healthz", 200),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_answer_has_them(client: Client, kind: str) -> None:
    make_organization("Acme", make_user())
    path, status = KINDS[kind]
    response = client.get(path)
    assert response.status_code == status
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy or kind == "redirect"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    assert response.headers["cross-origin-opener-policy"] == "same-origin"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in response.headers["permissions-policy"]
