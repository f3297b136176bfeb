"""Tells gateways which kept answers were found to be the same, so that they are no rivals."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from redis import Redis

from apps.optimization.answers.spaces import ROW_FIELD, Space, digest_of, rows_key
from apps.optimization.comparisons import Comparison
from apps.optimization.neighbours import CAPACITY, sealed_tie


def tie(
    client: Redis,
    comparisons: Sequence[Comparison],
    right: Iterable[tuple[UUID, str]],
    *,
    prefix: str,
    data_key: bytes,
) -> int:
    """How many pairs were told of: of those comparisons whose (event, lever) is in `right`, where
    both answers are kept. prefix: of the store of answers.
    """
    found, count = frozenset(right), 0
    for each in comparisons:
        if each.space and each.entry and each.kept_as and (each.event_id, each.lever) in found:
            space = Space(each.organization_id, each.space, data_key)
            row = sealed_tie(space, digest_of(each.entry), digest_of(each.kept_as))
            client.xadd(rows_key(prefix, space), {ROW_FIELD: row}, maxlen=CAPACITY)
            count += 1
    return count
