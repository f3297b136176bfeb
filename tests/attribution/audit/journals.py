"""A small experiment with real prices and a real draw, and ways to spoil its archive."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.attribution.audit import (
    Call,
    Charge,
    ClosedUnit,
    Journal,
    Opening,
    State,
    archive_of,
    build_archive,
    commitment_of,
    rate_document,
)
from apps.attribution.estimators import Model, Proof
from apps.attribution.sequences import Bound
from apps.attribution.statements import Contract, Period
from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import Rate, Step, TokenPrices, cost_usd

ORGANISATION = "0192f3a0-0000-7000-8000-000000000001"
EXPERIMENT = "0192f3a0-0000-7000-8000-0000000000e1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CONTRACT = Contract(Bound("asymptotic", Decimal("0.05"), scale=10**11, least_count=50))
MONTHS = (
    (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC), 2_000),
    (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), 1_000),
)
RATE = Rate(
    "openai", "gpt-4o", "standard", "",
    TokenPrices.of({"input_uncached": Decimal("2.5e-6"), "output": Decimal("1e-5")}),
    steps=(
        Step(5_000, TokenPrices.of(
            {"input_uncached": Decimal("3e-6"), "output": Decimal("1.1e-5")}
        )),
    ),
    units={"web_search": Decimal("0.01"), "request": Decimal("0.000001")},
)  # fmt: skip
RATES = {rate_document(RATE)["id"]: rate_document(RATE)}
Lines = dict[str, list[bytes]]


def arm_is_holdout(unit: str, salt_hex: str, holdout_bp: int) -> bool:
    """design.md §10, written a second time."""
    named = f":{ORGANISATION}:{EXPERIMENT}:{unit}".encode()
    drawn = int.from_bytes(sha256(bytes.fromhex(salt_hex) + named).digest()[:8], "big")
    return drawn < (holdout_bp << 64) // 10_000


def salt_of(number: int) -> str:
    return sha256(f"salt {number}".encode()).hexdigest()


def journal_of(
    units_a_day: int = 60,
    days: int = 3,
    *,
    contract: Contract = CONTRACT,
    model: Model | None = None,
    is_second_open: bool = False,
    comparisons: int = 0,
    after_each_step: Callable[[Journal], None] = lambda journal: None,
    spoil: Callable[[ClosedUnit], ClosedUnit] = lambda unit: unit,
    misstate: Callable[[Call], Call] = lambda call: call,
) -> Journal:
    """Two months, `days` batches each.

    comparisons: made each day; misstate: what we might do to one before sealing. model: what
    predictions have seen already. spoil: what we might do to a unit before sealing.
    """
    journal = Journal(ORGANISATION, EXPERIMENT, contract, KEY, State(last=Proof(model or Model())))
    generator = np.random.default_rng(4)
    for number, (starts_at, ends_at, holdout_bp) in enumerate(MONTHS, 1):
        opening = Opening(
            Period(number, starts_at, ends_at), holdout_bp, commitment_of(salt_of(number))
        )
        journal.open_period(opening)
        after_each_step(journal)
        for day in range(days):
            units = [
                spoil(_unit(generator, f"conversation:{number}-{day}-{at}", opening))
                for at in range(units_a_day)
            ]
            at = date(2026, 9 + number, 1) + timedelta(days=day)
            # The last units of a month close on the first day of the next one.
            late = units_a_day // 4 if number > 1 and not day else 0
            compared = [
                misstate(comparison(f"{number}-{day}-{place}")) for place in range(comparisons)
            ]
            journal.close_batch(at, number, units[late:], compared)
            after_each_step(journal)
            if late:
                journal.close_batch(
                    at, number - 1, _late(generator, late, journal.openings[-2], spoil)
                )
                after_each_step(journal)
                journal.close_period()
                after_each_step(journal)
    if not is_second_open:
        journal.close_period()
    return journal


def _late(
    generator: np.random.Generator,
    count: int,
    opening: Opening,
    spoil: Callable[[ClosedUnit], ClosedUnit],
) -> list[ClosedUnit]:
    number = opening.period.number
    names = (f"conversation:{number}-late-{at}" for at in range(count))
    return [spoil(_unit(generator, name, opening)) for name in names]


def archived(journal: Journal, certificates: tuple[dict[str, Any], ...] = ()) -> bytes:
    """The archive's bytes."""
    target = io.BytesIO()
    archive = archive_of(journal, [salt_of(number) for number in (1, 2)], RATES.values())
    build_archive(target, replace(archive, certificates=certificates))
    return target.getvalue()


def spoilt(archive: bytes, change: Callable[[Lines], None]) -> io.BytesIO:
    """The archive after `change` to the lines of its members."""
    with ZipFile(io.BytesIO(archive)) as file:
        lines = {name: file.read(name).splitlines() for name in file.namelist()}
    change(lines)
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as file:
        for name, content in lines.items():
            file.writestr(name, b"".join(line + b"\n" for line in content))
    return io.BytesIO(target.getvalue())


def edited(line: bytes, **fields: Any) -> bytes:
    """A canonical line with other values."""
    document = {**json.loads(line), **fields}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def written(archive: bytes, folder: Path) -> Path:
    path = folder / "proof.zip"
    path.write_bytes(archive)
    return path


def _unit(generator: np.random.Generator, unit: str, opening: Opening) -> ClosedUnit:
    held_out = arm_is_holdout(unit, salt_of(opening.period.number), opening.holdout_bp)
    return drawn_unit(generator, unit, treated=not held_out)


def drawn_unit(generator: np.random.Generator, unit: str, *, treated: bool) -> ClosedUnit:
    """A conversation of three equal calls, of which a cache would answer two where triggered."""
    triggered = bool(generator.random() < 0.6)
    sent = int(generator.integers(200, 9_000))
    said = int(sent * generator.uniform(0.05, 0.2))
    hits = treated and triggered
    calls = tuple(
        _call(
            f"{unit}/{at}", TokenBuckets(input_uncached=sent, output=said), is_hit=hits and at > 0
        )
        for at in range(3)
    )
    one = round(sent * 2_500 + sent * 0.12 * 10_000)
    return ClosedUnit(
        unit,
        treated,
        triggered,
        int(sent > 5_000),
        "chat",
        3 * one,
        one if triggered else 3 * one,
        calls,
    )


def comparison(name: str, lever: str = "semantic_cache") -> Call:
    """A call that was made to compare answers: a loss of its lever."""
    call = _call(f"comparison/{name}", TokenBuckets(input_uncached=500, output=20), is_hit=False)
    return replace(call, untouched=(), untouched_atoms=0, levers={lever: -call.paid_atoms})


def _call(name: str, buckets: TokenBuckets, *, is_hit: bool) -> Call:
    event_id = str(UUID(bytes=sha256(name.encode()).digest()[:16]))
    tokens = {"input_uncached": buckets.input_uncached, "output": buckets.output}
    charge = (Charge(rate_document(RATE)["id"], tokens, {"web_search": 1}),)
    full = int(cost_usd(buckets, RATE, {"web_search": 1}).scaleb(18))
    if is_hit:
        return Call(event_id, (), 0, charge, full, {"exact_cache": full})
    return Call(event_id, charge, full, charge, full, {})
