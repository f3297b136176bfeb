"""What was judged to be the same is told to all gateways, sealed for its namespace."""

from uuid import UUID

from django.conf import settings
from redis import Redis

from apps.kernel.ids import uuid7
from apps.optimization.answers.spaces import ROW_FIELD, Space, digest_of, rows_key
from apps.optimization.judging.tying import tie
from apps.optimization.neighbours import opened_rows
from apps.tenants.vault import new_data_key
from tests.optimization.comparisons import comparison

FIRST, SECOND = f"o:p:{'ab' * 32}", f"o:p:{'cd' * 32}"
NAME, KEY = "ef" * 32, new_data_key()


def test_answers_that_were_found_right_are_tied_to_those_that_were_given() -> None:
    prefix, organization_id = f"test-{uuid7()}", uuid7()
    same, wrong = (
        comparison(organization_id=organization_id, entry=FIRST, space=NAME, kept_as=SECOND)
        for _ in range(2)
    )
    unkept = comparison(organization_id=organization_id, entry=FIRST, space=NAME)
    nowhere = comparison(organization_id=organization_id, entry=FIRST, kept_as=SECOND)
    right = {(each.event_id, each.lever) for each in (same, unkept, nowhere)}
    space = Space(organization_id, NAME, KEY)
    with Redis.from_url(settings.CACHE_URL) as client:
        told = tie(client, [same, wrong, unkept, nowhere], right, prefix=prefix, data_key=KEY)
        found = client.xrange(rows_key(prefix, space))
    rows = [fields[ROW_FIELD] for _, fields in found]
    assert told == 1
    assert opened_rows(space, rows).ties == [(digest_of(FIRST), digest_of(SECOND))]
    foreign = Space(UUID(int=7), NAME, KEY)
    assert opened_rows(foreign, rows).ties == []
