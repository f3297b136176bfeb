"""The table at the end: of each customer what was true, what was claimed, and what was proven."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from apps.optimization.access import LEVERS
from demo.ledger import Ledger
from demo.organizations import Customer
from demo.proving import Proven, verify_command
from demo.truth import Truth


@dataclass(frozen=True, slots=True)
class Result:
    """All of one customer."""

    customer: Customer
    truth: Truth
    ledger: Ledger
    proven: Proven

    @property
    def is_proven_true(self) -> bool:
        """No more is proven than was really saved, what comparing cost included."""
        return self.proven.proven <= max(self.truth.saved, Decimal(0))

    @property
    def off(self) -> Decimal:
        """What the ledger claims beyond the truth, of the traffic's calls."""
        return self.ledger.saved_on_calls - self.truth.saved_on_calls

    @property
    def is_ledger_within(self) -> bool:
        """Whether it lies as far off as is stated; where too few were held out nothing is."""
        low, high = self.proven.off_low, self.proven.off_high
        return low is None or high is None or low <= self.off <= high

    @property
    def is_good(self) -> bool:
        return (
            self.is_proven_true
            and self.is_ledger_within
            and self.proven.is_verified
            and not self.truth.errors
        )


Cell = Callable[[Result], str]
_PLACES = Decimal("0.0001")


def table(results: Sequence[Result]) -> str:
    """A column for each customer."""
    rows = [("", *(each.customer.title.removeprefix("Demo: ") for each in results))]
    rows += [(name, *(cell(each) for each in results)) for name, cell in _ROWS[:_LEVERS_AT]]
    rows += _by_lever(results)
    rows += [(name, *(cell(each) for each in results)) for name, cell in _ROWS[_LEVERS_AT:]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _by_lever(results: Sequence[Result]) -> Iterator[tuple[str, ...]]:
    """What the ledger says of each lever that did anything, in the order in which they act."""
    nothing = Decimal(0)
    for lever in LEVERS:
        if any(lever in each.ledger.by_lever for each in results):
            saved = (_usd(each.ledger.by_lever.get(lever, nothing)) for each in results)
            yield (f"- by {lever.replace('_', ' ')}", *saved)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([first, *(cell.strip().rjust(len(cell)) for cell in rest)]).rstrip()


def _usd(amount: Decimal) -> str:
    """Hundredths of cents, which is what calls cost."""
    rounded = amount.quantize(_PLACES)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,f}"


def _known(amount: Decimal | None) -> str:
    return "not known" if amount is None else _usd(amount)


def _span(low: Decimal | None, high: Decimal | None) -> str:
    return "too few" if low is None or high is None else f"{_usd(low)} to {_usd(high)}"


def _quality(share: float, reference: float) -> str:
    return f"{share:.2%} ({100 * (share - reference):+.2f} pp)"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "NO"


_ROWS: tuple[tuple[str, Cell], ...] = (
    ("calls", lambda of: f"{of.truth.calls:,}"),
    ("- answered from what was kept", lambda of: f"{of.truth.kept:,}"),
    ("- that failed", lambda of: f"{of.truth.errors:,}"),
    ("cost without levers", lambda of: _usd(of.truth.without)),
    ("paid for answers", lambda of: _usd(of.truth.paid)),
    ("paid for comparing", lambda of: _known(of.truth.comparing)),
    ("TRUE SAVING", lambda of: _usd(of.truth.saved)),
    ("LEDGER SAVING", lambda of: _usd(of.ledger.saved)),
    ("- beyond the truth, on calls", lambda of: _usd(of.off)),
    ("- stated error, 95 %", lambda of: _span(of.proven.off_low, of.proven.off_high)),
    ("PROVEN SAVING", lambda of: _usd(of.proven.proven)),
    ("- interval, 95 %", lambda of: _span(of.proven.low, of.proven.high)),
    ("- conversations held out", lambda of: f"{of.proven.held_out:,} of {of.proven.units:,}"),
    ("answers as recorded", lambda of: _quality(of.truth.same, of.truth.reference_same)),
    ("right answers", lambda of: _quality(of.truth.right, of.truth.reference_right)),
    ("true saving >= proven", lambda of: _yes(of.is_proven_true)),
    ("ledger within its error", lambda of: _yes(of.is_ledger_within)),
    ("archive verified", lambda of: _yes(of.proven.is_verified)),
)

_LEVERS_AT = 8  # after the ledger's saving


def where(results: Sequence[Result], portal_url: str) -> str:
    """Where to look, and how to check it."""
    return "\n".join(line for each in results for line in _where(each, portal_url))


def _where(result: Result, portal_url: str) -> list[str]:
    home = f"{portal_url}/o/{result.customer.slug}"
    proven = result.proven
    return [
        f"{result.customer.title}",
        f"  portal     {home}/",
        f"  requests   {home}/requests/",
        f"  statement  {home}/proof/statements/{proven.statement_id}/",
        f"  export     {proven.archive}",
        f"  verify     {' '.join(verify_command(proven.archive, proven.public_key))}",
    ]
