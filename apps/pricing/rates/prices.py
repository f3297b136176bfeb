"""What one token costs, and what one call costs: exact, and fast enough for every call.

Inside, prices are whole numbers of 10^-18 USD, so that sums neither round nor take long.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, time
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache
from operator import mul
from types import MappingProxyType

from apps.kernel.errors import NetraError
from apps.kernel.tokens import BUCKETS, INPUT_BUCKETS, OUTPUT_BUCKETS, TokenBuckets

PLACES = 18
TIERS = ("standard", "batch", "flex", "priority", "fast")
PER_REQUEST = "request"  # the unit that every call has once
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
_ATOM = Decimal(1).scaleb(-PLACES)
_DIRECTIONS = ("input", "output")
# A bucket without a price of its own costs what its kind costs.
PARENTS = MappingProxyType(
    {
        "cache_read": "input_uncached",
        "cache_write_5m": "input_uncached",
        "cache_write_1h": "cache_write_5m",
        "input_audio": "input_uncached",
        "input_image": "input_uncached",
        "reasoning": "output",
        "output_audio": "output",
        "output_image": "output",
    }
)


class Unpriced(NetraError):
    code = "unpriced"
    http_status = 422

    def __init__(self, what: str, rate: "Rate") -> None:
        super().__init__(
            f"{rate.provider} {rate.model} has no price for {what}. Record the call as unpriced."
        )


class InvalidRate(ValueError):
    """Prices that are negative, finer than 10^-18 USD, or fall as the context grows."""


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """USD per token of each bucket; None where the bucket has no price, which is not 0."""

    input_uncached: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write_5m: Decimal | None = None
    cache_write_1h: Decimal | None = None
    output: Decimal | None = None
    reasoning: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    input_image: Decimal | None = None
    output_image: Decimal | None = None

    @classmethod
    def of(cls, stated: Mapping[str, Decimal]) -> "TokenPrices":
        """The stated prices, the other buckets at the price of their parents."""
        return cls(**{name: _inherited(stated, name) for name in BUCKETS})

    @property
    def by_bucket(self) -> dict[str, Decimal]:
        """The prices there are."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: price for name, price in named.items() if price is not None}


def _inherited(stated: Mapping[str, Decimal], name: str | None) -> Decimal | None:
    while name and name not in stated:
        name = PARENTS.get(name)
    return stated[name] if name else None


@dataclass(frozen=True, slots=True)
class Step:
    """The prices of a whole call whose input is longer than `above` tokens."""

    above: int
    prices: TokenPrices


@dataclass(frozen=True, slots=True)
class _Level:
    """Prices in atoms (10^-18 USD) in the order of BUCKETS; `missing` are those that are none.

    dearest: of input and of output; None where nothing of that direction has a price.
    """

    above: int
    atoms: tuple[int, ...]
    missing: tuple[int, ...]
    dearest: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Rate:
    """What one model of one provider costs in one tier, region and time.

    units: USD each for what is not counted in tokens ("web_search", "second", …); "request" is
    charged once for each call. valid_from and valid_to: half-open, aware UTC, None where open.
    daily: the part of each UTC day in which the rate holds, half-open; it may pass midnight.
    source: where the price stands. Raises InvalidRate.
    """

    provider: str
    model: str
    tier: str
    region: str
    prices: TokenPrices
    steps: tuple[Step, ...] = ()
    units: Mapping[str, Decimal] = field(default_factory=dict)
    source: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    daily: tuple[time, time] | None = None
    is_contracted: bool = False
    _levels: tuple[_Level, ...] = field(init=False, repr=False, compare=False)
    _unit_atoms: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _request_atoms: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        unit_atoms = {name: _atoms(price) for name, price in self.units.items()}
        levels = _levels(self.prices, self.steps)
        object.__setattr__(self, "_levels", levels)
        object.__setattr__(self, "_request_atoms", unit_atoms.pop(PER_REQUEST, 0))
        object.__setattr__(self, "_unit_atoms", unit_atoms)

    def holds(self, at: datetime) -> bool:
        """Whether the rate is the price at `at`, which is aware UTC."""
        if self.valid_from is not None and at < self.valid_from:
            return False
        if self.valid_to is not None and at >= self.valid_to:
            return False
        return self.daily is None or _within(self.daily, at.astimezone(UTC).time())

    def level(self, input_tokens: int) -> _Level:
        """The prices of a call with so many input tokens."""
        level = self._levels[0]
        for further in self._levels[1:]:
            if input_tokens <= further.above:
                break
            level = further
        return level

    def units_atoms(self, units: Mapping[str, Decimal | int]) -> Decimal:
        """The price of `units` in atoms. Raises Unpriced."""
        total = Decimal(0)
        for name, count in units.items():
            if count and name not in self._unit_atoms:
                raise Unpriced(name, self)
            if count < 0:
                raise InvalidRate(f"A call cannot have {count} of {name}.")
            price = self._unit_atoms.get(name, 0)
            total = _EXACT.fma(Decimal(price), Decimal(count), total)
        return total


def cost_usd(
    buckets: TokenBuckets, rate: Rate, units: Mapping[str, Decimal | int] | None = None
) -> Decimal:
    """What a call costs: exact USD, never rounded, never less for more tokens.

    units: counts of what is not tokens. Raises Unpriced when anything used has no price.
    """
    counts = buckets.counts
    levels = rate._levels
    level = levels[0] if len(levels) == 1 else rate.level(buckets.input_total)
    for index in level.missing:
        if counts[index]:
            raise Unpriced(f"{BUCKETS[index]} tokens", rate)
    atoms = Decimal(sum(map(mul, counts, level.atoms), rate._request_atoms))
    if units:
        atoms = _EXACT.add(atoms, rate.units_atoms(units))
    return _EXACT.multiply(atoms, _ATOM)


def worst_case_usd(
    rate: Rate,
    input_tokens: int,
    max_output_tokens: int,
    *,
    buckets: Collection[str] = BUCKETS,
    units: Mapping[str, Decimal | int] | None = None,
) -> Decimal:
    """The most that a call can cost: USD, for holds on a budget.

    buckets: where its tokens may fall; the dearest of each direction is taken. Name fewer for a
    closer bound, for example no audio for a call of text. Raises Unpriced when none has a price.
    """
    level = rate.level(input_tokens)
    dearest = level.dearest
    if buckets is not BUCKETS:
        dearest = _dearest(level.atoms, level.missing, tuple(buckets))
    atoms = rate._request_atoms
    for direction, tokens, price in zip(
        _DIRECTIONS, (input_tokens, max_output_tokens), dearest, strict=True
    ):
        if price is not None:
            atoms += tokens * price
        elif tokens and not units:
            raise Unpriced(f"{direction} tokens", rate)
    if not units:
        return _EXACT.multiply(Decimal(atoms), _ATOM)
    return _EXACT.multiply(_EXACT.add(Decimal(atoms), rate.units_atoms(units)), _ATOM)


def _levels(prices: TokenPrices, steps: tuple[Step, ...]) -> tuple[_Level, ...]:
    levels = (_level(-1, prices), *(_level(step.above, step.prices) for step in steps))
    for lower, higher in zip(levels, levels[1:], strict=False):
        if higher.above <= lower.above or higher.missing != lower.missing:
            raise InvalidRate("Steps must rise, and price the same buckets.")
        if any(map(int.__gt__, lower.atoms, higher.atoms)):
            raise InvalidRate("A longer context must not be cheaper; holds could not be bounded.")
    return levels


def _level(above: int, prices: TokenPrices) -> _Level:
    named = [getattr(prices, name) for name in BUCKETS]
    missing = tuple(index for index, price in enumerate(named) if price is None)
    atoms = tuple(_atoms(price or Decimal(0)) for price in named)
    return _Level(above, atoms, missing, _dearest(atoms, missing, BUCKETS))


# Contracts multiply the prices, callers choose which of them: more are worked out anew.
@lru_cache(maxsize=4_096)
def _dearest(
    atoms: tuple[int, ...], missing: tuple[int, ...], buckets: tuple[str, ...]
) -> tuple[int | None, int | None]:
    priced = {
        name: atoms[index]
        for index, name in enumerate(BUCKETS)
        if name in buckets and index not in missing
    }
    sent = max((priced[name] for name in INPUT_BUCKETS if name in priced), default=None)
    return sent, max((priced[name] for name in OUTPUT_BUCKETS if name in priced), default=None)


def _atoms(price: Decimal) -> int:
    atoms = price.scaleb(PLACES, _EXACT)
    if price < 0 or atoms != atoms.to_integral_value():
        raise InvalidRate(f"{price} USD is negative or finer than 10^-{PLACES} USD.")
    return int(atoms)


def _within(daily: tuple[time, time], now: time) -> bool:
    start, end = daily
    return start <= now < end if start < end else now >= start or now < end
