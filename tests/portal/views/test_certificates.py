"""Certificates and their evidence on their pages, of one's own organization only."""

from django.test import Client
from django.urls import reverse

from tests.portal.browsing import path, sign_in
from tests.portal.pages import World


def shown(client: Client, world: World, about: World) -> tuple[int, str]:
    arguments = [world.organization.slug, about.certificate.pk]
    answer = client.get(reverse("portal:certificate", args=arguments))
    return answer.status_code, answer.content.decode()


def test_the_evidence_is_shown_to_its_own_organization(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    listed = client.get(path(world, "certificates")).content.decode()
    assert str(world.certificate.pk) in listed
    assert str(other.certificate.pk) not in listed
    assert "Evidence still being gathered" in listed
    status, page = shown(client, world, world)
    assert status == 200
    wanted = ("Standing", "0.91", "0.40 %", "1.20 %", "290 judged by a model", "Right", "Holds")
    assert [text in page for text in wanted] == [True] * len(wanted)
    assert shown(client, world, other)[0] == 404
