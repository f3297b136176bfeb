"""The worked example of docs/proof.md is what the code makes of its inputs."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from apps.attribution.sequences import Bound, Sums
from apps.attribution.statements import Carried, Contract, Evidence, Period, Statement, close, usd

PAGE = Path(__file__).parents[2] / "docs" / "proof.md"
ROW = re.compile(r"^\| (\d) \|(.*)\|$", re.MULTILINE)
CONTRACT = Contract(Bound("asymptotic", Decimal("0.05"), scale=10**11))
NANOS, ATOMS = 10**9, 10**18


def rows() -> list[list[Decimal]]:
    """Of both tables, the inputs first."""
    found = ROW.findall(PAGE.read_text())
    return [
        [Decimal(cell.strip().replace(",", "")) for cell in rest.split("|")] for _, rest in found
    ]


def statements() -> Iterator[Statement]:
    before = Carried()
    for number, (touched, saved, distance, ledger) in enumerate(rows()[:4], 1):
        spread = int(touched * (distance * NANOS) ** 2)
        evidence = Evidence(
            Sums(int(touched), int(saved * NANOS), spread),
            paid_atoms=0, ledger_atoms={"exact_cache": int(ledger * ATOMS)}, units=0, held_out=0,
        )  # fmt: skip
        starts_at = datetime(2026, number, 1, tzinfo=UTC)
        ends_at = datetime(2026, number + 1, 1, tzinfo=UTC)
        made = close(Period(number, starts_at, ends_at), evidence, CONTRACT, before)
        before = made.carried
        yield made


def shown(made: Statement) -> str:
    assert made.since_start
    nanos = (*made.since_start, made.proven, made.billed)
    fee, rest = Decimal(made.fee_minor) / 100, (made.carried.shortfall, made.estimated)
    amounts = [*map(usd, nanos), fee, *map(usd, rest)]
    cells = [str(made.period.number), *(f"{amount:,.2f}" for amount in amounts)]
    return "| " + " | ".join(cells) + " |"


def test_the_example_is_computed() -> None:
    table = "\n".join(map(shown, statements()))
    if os.environ.get("NETRA_WRITE_DOCS"):
        head, _, rest = PAGE.read_text().partition(
            "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
        )
        rest = ROW.sub("", rest).lstrip("\n")
        PAGE.write_text(
            f"{head}| --- | --- | --- | --- | --- | --- | --- | --- |\n{table}\n\n{rest}"
        )
    assert table in PAGE.read_text()


def test_its_sentences_hold() -> None:
    first, second, third, fourth = statements()
    assert first.billed == first.proven < first.estimated + first.billed
    assert second.billed < second.proven
    assert (third.billed, third.fee_minor) == (0, 0)
    assert third.carried.shortfall == third.proven < 0
    assert fourth.billed == min(6400 * NANOS, fourth.proven) + third.carried.shortfall
    billed = sum(made.billed for made in (first, second, third, fourth))
    assert billed <= fourth.carried.proven
    assert billed <= (6100 + 5000 + 300 + 6400) * NANOS
