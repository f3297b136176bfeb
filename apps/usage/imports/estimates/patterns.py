"""Sightings folded into rows, so that files of any size are judged in bounded memory."""

from collections.abc import Iterable
from uuid import UUID

from apps.usage.imports.estimates.levers import Sighting
from apps.usage.imports.models import Import, Pattern

_Key = tuple[str, UUID]


def fold(of_import: Import, sightings: Iterable[Sighting]) -> None:
    """Add what was seen to what was seen before. To be run in a transaction."""
    given = list(sightings)
    rows = _known(of_import, given)
    for sighting in given:
        key = (sighting.lever, sighting.digest)
        row = rows.get(key)
        if row is None:
            rows[key] = _first(of_import, sighting)
        else:
            _add(row, sighting)
    Pattern.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=("of_import", "lever", "digest"),
        update_fields=("seen_count", "last_at", "low_usd", "high_usd"),
        batch_size=2000,
    )


def _known(of_import: Import, sightings: list[Sighting]) -> dict[_Key, Pattern]:
    digests = {sighting.digest for sighting in sightings}
    found = Pattern.objects.filter(of_import=of_import, digest__in=digests)
    return {(row.lever, row.digest): row for row in found}


def _first(of_import: Import, sighting: Sighting) -> Pattern:
    is_always = sighting.soon is None
    return Pattern(
        of_import=of_import,
        lever=sighting.lever,
        digest=sighting.digest,
        seen_count=1,
        last_at=sighting.at,
        low_usd=sighting.low if is_always else sighting.low_first,
        high_usd=sighting.high if is_always else sighting.high_first,
    )


def _add(row: Pattern, sighting: Sighting) -> None:
    # Exports are in the order of time or against it.
    gap = abs(sighting.at - row.last_at)
    is_soon = sighting.soon is None or gap <= sighting.soon
    is_late = sighting.late is None or gap <= sighting.late
    row.low_usd += sighting.low if is_soon else sighting.low_first
    row.high_usd += sighting.high if is_late else sighting.high_first
    row.seen_count += 1
    row.last_at = sighting.at
