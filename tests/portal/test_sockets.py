"""The WebSocket of an organization is open to its members, from our own pages."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django.fixtures import Settings

from apps.portal.sockets import organization_group
from apps.tenants.models import Organization, User
from netra.asgi import application
from tests.factories import make_member, make_organization, make_user
from tests.websockets import Socket

pytestmark = pytest.mark.django_db
PING = '{"type": "ping"}'
READY = {"type": "ready", "organization": "acme"}


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes the connection around each query, as Django's test client must not either."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda **_signal: None)


def socket(user: User | None, slug: str, *, origin: str = "http://testserver") -> Socket:
    """A browser's WebSocket, signed in as `user`."""
    client = Client()
    if user:
        client.force_login(user)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = {"host": "testserver", "origin": origin, "cookie": cookies}
    return Socket(application, f"/ws/o/{slug}/", headers)


def run(conversation: Callable[[], Awaitable[Any]]) -> Any:
    """Run it on this thread's connection, then give Valkey's connections back."""

    async def whole() -> Any:
        try:
            return await conversation()
        finally:
            await get_channel_layer().close_pools()

    return async_to_sync(whole)()


def answer(user: User | None, slug: str, **options: str) -> Any:
    """The code the socket was closed with, else its first message."""
    client = socket(user, slug, **options)

    async def conversation() -> Any:
        code = await client.open()
        if code:
            return code
        found = await client.hear()
        await client.leave()
        return found

    return run(conversation)


def test_a_member_is_greeted() -> None:
    acme = make_organization("Acme")
    assert answer(make_member(acme, "viewer"), acme.slug) == READY


def test_a_stranger_is_asked_to_sign_in() -> None:
    assert answer(None, make_organization("Acme").slug) == 4401


def test_a_member_of_another_organization_finds_nothing() -> None:
    acme, other = make_organization("Acme"), make_organization("Other")
    assert answer(make_member(other, "admin"), acme.slug) == 4404


def test_an_unknown_organization_looks_the_same() -> None:
    assert answer(make_user(), "nowhere") == 4404


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "http://testserver:81", "http://testserver.evil.test", ""]
)
def test_a_foreign_page_cannot_open_it(origin: str) -> None:
    acme = make_organization("Acme")
    assert answer(make_member(acme, "viewer"), acme.slug, origin=origin) == 4403


def test_a_host_that_is_not_ours_cannot_vouch_for_an_origin(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["netra.test"]
    acme = make_organization("Acme")
    assert answer(None, acme.slug) == 4403


def test_a_path_that_leads_nowhere_is_refused() -> None:
    assert answer(make_user(), "acme/and/more") == 4403


def test_pings_are_answered_and_noise_is_not() -> None:
    acme = make_organization("Acme")
    client = socket(make_member(acme, "viewer"), acme.slug)

    async def conversation() -> list[Any]:
        await client.open()
        for text in ("not json", "[]", '{"type": "shout"}', PING):
            await client.say(text)
        await client.say(b"noise")
        found = [await client.hear(), await client.hear(), await client.is_silent()]
        await client.leave()
        return found

    assert run(conversation) == [READY, {"type": "pong"}, True]


def test_somebody_removed_stops_listening_at_the_next_ping() -> None:
    acme = make_organization("Acme")
    user = make_member(acme, "viewer")
    client = socket(user, acme.slug)

    async def conversation() -> Any:
        await client.open()
        await client.hear()
        await user.memberships.all().adelete()
        await client.say(PING)
        code = await client.hear()
        await client.leave()
        return code

    assert run(conversation) == 4404


def test_somebody_signed_out_stops_listening_at_the_next_ping() -> None:
    acme = make_organization("Acme")
    client = socket(make_member(acme, "viewer"), acme.slug)

    async def conversation() -> Any:
        await client.open()
        await client.hear()
        await Session.objects.all().adelete()
        await client.say(PING)
        code = await client.hear()
        await client.leave()
        return code

    assert run(conversation) == 4404


@pytest.mark.parametrize(("is_own", "is_silent"), [(True, False), (False, True)])
def test_a_member_hears_the_group_of_one_organization_only(is_own: bool, is_silent: bool) -> None:
    acme, other = make_organization("Acme"), make_organization("Other")
    client = socket(make_member(acme, "viewer"), acme.slug)
    group = organization_group(acme.pk if is_own else other.pk)

    async def conversation() -> bool:
        await client.open()
        await client.hear()
        # A message of the group acts as if the browser had sent it, so that it is answered.
        message = {"type": "websocket.receive", "text": PING}
        await get_channel_layer().group_send(group, message)
        found = await client.is_silent(seconds=1)
        await client.leave()
        return found

    assert run(conversation) == is_silent


def test_valkey_down_greets_all_the_same(settings: Settings) -> None:
    layers = settings.CHANNEL_LAYERS["default"]
    hosts = [{"address": "redis://127.0.0.1:1/0", "socket_connect_timeout": 1}]
    config = {**layers["CONFIG"], "hosts": hosts}
    settings.CHANNEL_LAYERS = {"default": {**layers, "CONFIG": config}}
    acme = make_organization("Acme")
    assert answer(make_member(acme, "viewer"), acme.slug) == READY


def test_groups_of_two_organizations_never_share_a_name() -> None:
    acme, other = Organization(name="Acme"), Organization(name="Acme")
    assert organization_group(acme.pk) != organization_group(other.pk)
    assert organization_group(acme.pk) == f"organization.{acme.pk.hex}"
