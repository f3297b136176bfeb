"""What is shared by a link: one thing, to read, told to nobody else."""

import io
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from redis import Redis

from apps.attribution.audit.netra_verify import verify
from apps.attribution.sharing.models import ProofLink
from apps.kernel.clock import utc_now
from apps.portal import shared_links
from tests.factories import make_user
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World

WORLDS_LAST = ("savings_token", "experiment_token")
UNKNOWN = "prf_" + "A" * 43


@pytest.fixture(autouse=True)
def _fresh_allowance() -> None:
    client: Redis = Redis.from_url(settings.REDIS_URL)
    for key in client.scan_iter(f"{settings.REDIS_KEY_PREFIX}:proof-links:*"):
        client.delete(key)


def at(token: str, view: str = "shared_proof") -> str:
    return reverse(f"portal:{view}", args=[token])


def without_nonce(content: bytes) -> bytes:
    return re.sub(rb'nonce="[^"]+"', b"", content)


def test_anybody_reads_a_shared_statement_and_nothing_else(
    world: World, other: World, client: Client
) -> None:
    response = client.get(at(world.savings_token))
    page = response.content.decode()
    sign_in(client, world.owner)
    own = client.get(path(world, "savings_statement", world.savings.pk)).content.decode()
    figures = re.findall(r'<td role="cell" class="num">([^<]+)</td>', own)
    assert (response.status_code, len(figures)) == (200, 9)
    assert [figure for figure in figures if figure not in page] == []
    assert page.count("<svg xmlns") == 2
    assert f"/o/{world.organization.slug}" not in page
    assert world.owner.email not in page
    assert str(other.savings.pk) not in page


def test_a_running_experiment_is_shared_as_it_runs(world: World, client: Client) -> None:
    page = client.get(at(world.experiment_token)).content.decode()
    assert "Saved since it began" in page
    assert "Was the draw kept?" in page
    assert "Table of statements" in page


def test_a_shared_page_is_kept_by_nobody_and_sets_no_cookie(world: World, client: Client) -> None:
    response = client.get(at(world.savings_token))
    assert response.cookies == {}
    assert "Cookie" not in response.get("Vary", "")
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert 'name="robots" content="noindex' in response.content.decode()
    outside = re.findall(r'(?:src|href)="(https?:|//)', response.content.decode())
    assert outside == []


def test_unknown_expired_and_revoked_are_the_same_page(
    world: World, other: World, client: Client
) -> None:
    ProofLink.objects.filter(organization=world.organization).update(revoked_at=utc_now())
    past = utc_now() - timedelta(days=60)
    ProofLink.objects.filter(organization=other.organization).update(
        created_at=past, expires_at=past + timedelta(days=30)
    )
    tokens = (UNKNOWN, world.savings_token, other.savings_token, "x")
    for view in ("shared_proof", "shared_archive", "shared_verifier"):
        answers = [client.get(at(token, view)) for token in tokens]
        assert {each.status_code for each in answers} == {404}
        assert len({without_nonce(each.content) for each in answers}) == 1
        assert {tuple(sorted(each.headers)) for each in answers[1:]} == {
            tuple(sorted(answers[0].headers))
        }
    assert ProofLink.objects.filter(visit_count__gt=0).count() == 0


def test_the_archive_and_script_of_a_link_verify_each_other(world: World, client: Client) -> None:
    archive = client.get(at(world.savings_token, "shared_archive"))
    script = client.get(at(world.savings_token, "shared_verifier"))
    findings, _ = verify(io.BytesIO(b"".join(archive.streaming_content)))  # type: ignore[attr-defined]
    assert findings.shown == []
    assert script.content.startswith(b"#!/usr/bin/env python3")
    kept = [archive["X-Robots-Tag"], script["X-Robots-Tag"]]
    assert kept == ["noindex, nofollow, noarchive"] * 2


def test_an_archive_that_is_left_out_is_neither_offered_nor_given(
    world: World, client: Client
) -> None:
    ProofLink.objects.filter(organization=world.organization).update(has_archive=False)
    assert (
        "archive.zip"
        not in client.get(at(world.savings_token))
        .content.decode()
        .split("netra_verify.py statement")[0]
    )
    assert client.get(at(world.savings_token, "shared_archive")).status_code == 404


def test_visits_are_counted_and_bounded(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_links, "MOST_OF_A_LINK", 2)
    seen = [client.get(at(world.savings_token)).status_code for _ in range(3)]
    unknown = [client.get(at(UNKNOWN)).status_code for _ in range(3)]
    assert (seen, unknown) == ([200, 200, 429], [404, 404, 429])
    world.link.refresh_from_db()
    assert world.link.visit_count == 2


def test_a_link_is_made_shown_once_used_and_revoked(world: World, client: Client) -> None:
    sign_in(client, world.owner)
    made = client.post(
        f"{path(world, 'proof_link_create')}?statement={world.savings.pk}",
        {"name": "The board", "days": 7, "has_archive": "on"},
    )
    [url] = re.findall(r"http://[^\s<]+/proof/prf_[\w-]{43}/", made.content.decode())
    token = url.split("/")[-2]
    assert Client().get(at(token)).status_code == 200
    listed = client.get(path(world, "proof_links")).content.decode()
    assert ("The board" in listed, token in listed) == (True, False)
    row = ProofLink.objects.get(name="The board")
    assert (row.created_by, (row.expires_at - row.created_at).days) == (world.owner, 7)
    client.post(path(world, "proof_link_revoke", row.pk))
    assert Client().get(at(token)).status_code == 404
    assert "Revoked" in client.get(path(world, "proof_link", row.pk)).content.decode()


@pytest.mark.parametrize("query", ["", "?statement=x", "?experiment="])
def test_a_link_of_nothing_is_not_made(query: str, world: World, client: Client) -> None:
    sign_in(client, world.owner)
    assert client.get(path(world, "proof_link_create") + query).status_code == 404


def test_nobody_shares_what_is_anothers_nor_without_the_permission(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    theirs = f"?statement={other.savings.pk}"
    assert client.get(path(world, "proof_link_create") + theirs).status_code == 404
    sign_in(client, world.member.user)
    own = f"?statement={world.savings.pk}"
    assert client.get(path(world, "proof_link_create") + own).status_code == 403


def test_a_visitor_who_is_signed_in_elsewhere_sees_the_same(world: World, client: Client) -> None:
    stranger = make_user()
    sign_in(client, stranger)
    page = client.get(at(world.savings_token)).content.decode()
    assert stranger.email not in page
    assert "Sign out" not in page
