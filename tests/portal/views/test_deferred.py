from django.test import Client

from tests.deferring import finish_deferred, make_deferred
from tests.portal.browsing import path, sign_in
from tests.portal.pages import World


def test_calls_that_were_put_off_are_shown_with_their_saving_and_no_content(
    world: World, other: World, client: Client
) -> None:
    sign_in(client, world.owner)
    assert "No calls yet" in client.get(path(world, "deferred_calls")).content.decode()
    done = make_deferred(world.organization)
    finish_deferred(world.organization, done, {"said": "canary"})
    waiting, foreign = make_deferred(world.organization), make_deferred(other.organization)
    page = client.get(path(world, "deferred_calls")).content.decode()
    assert [str(each.pk) in page for each in (done, waiting, foreign)] == [True, True, False]
    assert "Completed" in page
    assert "Waiting" in page
    assert "$0.01" in page
    assert "canary" not in page
    assert path(world, "deferred_calls") in client.get(path(world, "levers")).content.decode()
