"""How long a customer waits for netra-verify."""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.attribution.audit import (
    Call,
    Charge,
    ClosedUnit,
    Journal,
    Opening,
    archive_of,
    build_archive,
    netra_verify,
    rate_document,
)
from apps.attribution.sequences import Bound
from apps.attribution.statements import Contract, Period
from apps.kernel.tokens import TokenBuckets
from apps.pricing.rates import Rate, TokenPrices, cost_usd
from bench.rows import Row

TARGET_S = 60.0  # for a million rows
DAYS = 30
HOLDOUT_BP = 1_000
SALT = sha256(b"bench").digest()
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RATE = Rate(
    "openai", "gpt-4o", "standard", "",
    TokenPrices.of({"input_uncached": Decimal("2.5e-6"), "output": Decimal("1e-5")}),
)  # fmt: skip
DOCUMENT = rate_document(RATE)
NAMES = "018f0000-0000-7000-8000-000000000001", "018f0000-0000-7000-8000-000000000002"


def verifying(rows: int) -> Iterator[Row]:
    """A month of `rows` units with two calls each, verified by the script as it ships.

    In CPU seconds of its one process: what a quiet machine takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proof.zip"
        with path.open("wb") as target:
            build_archive(target, archive_of(_journal(rows), [SALT.hex()], [DOCUMENT]))
        before = _cpu_s()
        command = [sys.executable, "-I", "-S", netra_verify.__file__, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        seconds = (_cpu_s() - before) * 1_000_000 / rows
        size = path.stat().st_size / rows
    figure = f"netra-verify, {rows:,} rows of two calls: CPU for a million"
    yield Row(figure, seconds, "s", None, TARGET_S, seconds <= TARGET_S)
    yield Row("archive, bytes a row", size, "B")


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _journal(rows: int) -> Journal:
    contract = Contract(Bound("exact", Decimal("0.05"), scale=10**9))
    journal = Journal(*NAMES, contract, Ed25519PrivateKey.generate())
    period = Period(1, BEGIN, BEGIN + timedelta(days=30))
    journal.open_period(Opening(period, HOLDOUT_BP, sha256(SALT).hexdigest()))
    for day in range(DAYS):
        units = [_unit(number) for number in range(day, rows, DAYS)]
        journal.close_batch(date(2026, 11, 1) + timedelta(days=day), 1, units)
    journal.close_period()
    return journal


def _unit(number: int) -> ClosedUnit:
    unit = f"conversation:{number:032x}"
    named = SALT + f":{NAMES[0]}:{NAMES[1]}:{unit}".encode()
    drawn = int.from_bytes(sha256(named).digest()[:8], "big")
    is_treated = drawn >= 2**64 * HOLDOUT_BP // 10_000
    acts = number % 3 == 0
    tokens = {"input_uncached": 500 + number % 900, "output": 100 + number % 300}
    full = int(cost_usd(TokenBuckets(**tokens), RATE).scaleb(18))
    charge = (Charge(DOCUMENT["id"], tokens, {}),)
    first = Call(f"{number:032x}-0", charge, full, charge, full, {})
    hit = Call(f"{number:032x}-1", (), 0, charge, full, {"exact_cache": full})
    second = (
        hit if is_treated and acts else Call(f"{number:032x}-1", charge, full, charge, full, {})
    )
    cost = full // 10**9
    return ClosedUnit(
        unit, is_treated, acts, number % 7, "chat", 2 * cost, cost if acts else 2 * cost,
        (first, second),
    )  # fmt: skip
