"""The price book: which rate holds for a call, the organization's own contract first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from apps.pricing.rates.matching import ModelIndex
from apps.pricing.rates.prices import Rate
from apps.pricing.rates.terms import discounted, rate_of, uplifted

ANY = "*"
STANDARD = "standard"
# Callers choose the names, so that a book which remembers all of them would grow without end.
REMEMBERED = 20_000
_DIMENSIONS = ("model", "tier", "region")

Plain = Mapping[str, Any]
Schedule = tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the catalogue. Bounds in tokens; None where the catalogue does not know."""

    provider: str
    id: str
    context_window: int | None
    max_output_tokens: int | None


class PriceBook:
    """Immutable. The same version and organization always give the same rate.

    version: whole number, higher is newer. It covers the catalogue and the contracts together.
    """

    __slots__ = (
        "_catalogue", "_contracts", "_indices", "_of_organizations", "_own", "_schedules",
        "version",
    )  # fmt: skip

    def __init__(
        self,
        version: int,
        catalogue: Plain,
        contracts: Mapping[str, Sequence[Plain]],
        indices: dict[str, ModelIndex],
        own: Sequence[Plain] = (),
    ) -> None:
        self.version = version
        self._catalogue, self._contracts, self._indices = catalogue, contracts, indices
        self._own = own
        self._schedules: dict[tuple[str, str, str, str], Schedule] = {}
        self._of_organizations: dict[str, PriceBook] = {}

    @classmethod
    def from_catalogue(
        cls, catalogue: Plain, *, version: int = 0, contracts: Iterable[Plain] = ()
    ) -> "PriceBook":
        """A book of `catalogue` ({"providers": {provider: {"source", "fallback", "models"}}}).

        A model is {"id", "names", "match", "context_window", "max_output_tokens", "rates": terms,
        "regions": {region: what its prices are multiplied by there}}.

        contracts: terms with "organization", "provider" and, where not "*", "model", "tier" and
        "region"; either prices or a "discount" off the list. The last one stated wins among equally
        specific ones.
        """
        by_organization: dict[str, list[Plain]] = {}
        for contract in contracts:
            by_organization.setdefault(contract["organization"], []).append(contract)
        providers = catalogue["providers"]
        indices = {name: ModelIndex(entry["models"]) for name, entry in providers.items()}
        return cls(version, catalogue, by_organization, indices)

    def to_dict(self) -> dict[str, Any]:
        """The whole book as plain JSON, all organizations' contracts included."""
        contracts = [each for own in self._contracts.values() for each in own]
        return {"version": self.version, "catalogue": self._catalogue, "contracts": contracts}

    @classmethod
    def from_dict(cls, plain: Plain) -> "PriceBook":
        """The inverse of `to_dict`."""
        return cls.from_catalogue(
            plain["catalogue"], version=plain["version"], contracts=plain["contracts"]
        )

    def for_organization(self, organization_id: str) -> "PriceBook":
        """The book as this organization pays; the same object each time."""
        own = self._contracts.get(organization_id)
        if not own:
            return self
        if organization_id not in self._of_organizations:
            self._of_organizations[organization_id] = PriceBook(
                self.version, self._catalogue, {organization_id: own}, self._indices, own
            )
        return self._of_organizations[organization_id]

    def rate(self, provider: str, model: str, tier: str, region: str, at: datetime) -> Rate | None:
        """The rate in force at `at` (aware UTC); None when the call is unpriced, never $0.

        model: as the provider or the caller writes it, aliases and dated snapshots included.
        region: "" where the provider has one price; an unknown region pays the price of "".
        """
        key = (provider, model, tier, region)
        schedule = self._schedules.get(key)
        if schedule is None:
            schedule = self._remember(key)
        for rate in schedule:
            if rate.holds(at):
                return rate
        return None

    def model(self, provider: str, name: str) -> Model | None:
        """What the catalogue knows about a model besides its price."""
        _, entry = self._entry(provider, name)
        if entry is None:
            return None
        limits = entry.get("context_window"), entry.get("max_output_tokens")
        return Model(provider, entry["id"], *limits)

    def rates(self, at: datetime) -> Iterator[Rate]:
        """Every rate in force at `at`, by provider, model, tier and region, each once."""
        for provider, model, tier, region in sorted(set(self._keys())):
            if rate := self.rate(provider, model, tier, region, at):
                yield rate

    def _keys(self) -> Iterator[tuple[str, str, str, str]]:
        for provider in self._catalogue["providers"]:
            for model in self._models(provider):
                tiers = {terms.get("tier", STANDARD) for terms in model["rates"]}
                for tier, region in product(tiers, ("", *model.get("regions", ()))):
                    yield provider, model["id"], tier, region
        for terms in self._own:
            named = [terms.get(dimension, ANY) for dimension in _DIMENSIONS]
            if named[0] != ANY:
                tier, region = (STANDARD if named[1] == ANY else named[1]), named[2].strip(ANY)
                yield terms["provider"], named[0], tier, region

    def _models(self, provider: str) -> Iterator[Plain]:
        """The provider's own models, then those that it sells at another one's list price."""
        providers = self._catalogue["providers"]
        for listing in (provider, *providers[provider].get("fallback", ())):
            for model in providers.get(listing, {}).get("models", ()):
                if self._entry(provider, model["id"]) == (listing, model):
                    yield model

    def _remember(self, key: tuple[str, str, str, str]) -> Schedule:
        if len(self._schedules) >= REMEMBERED:
            self._schedules.clear()
        listed = self._listed(*key)
        schedule = self._schedules[key] = (*self._contracted(key, listed), *listed)
        return schedule

    def _entry(self, provider: str, name: str) -> tuple[str, Plain | None]:
        """The model and the provider in whose list it stands."""
        lists = [provider, *self._catalogue["providers"].get(provider, {}).get("fallback", ())]
        for each in lists:
            index = self._indices.get(each)
            if index and (entry := index.find(name)):
                return each, entry
        return provider, None

    def _listed(self, provider: str, name: str, tier: str, region: str) -> Schedule:
        """The list prices, the one that wins first."""
        listing, entry = self._entry(provider, name)
        # Another provider's list says nothing about discounted tiers here.
        if entry is None or (listing != provider and tier != STANDARD):
            return ()
        terms = [each for each in entry["rates"] if each.get("tier", STANDARD) == tier]
        source = self._catalogue["providers"][listing]["source"]
        uplift = entry.get("regions", {}).get(region)
        rates = [
            rate_of(t, provider=provider, model=entry["id"], source=source) for t in terms[::-1]
        ]
        return tuple(uplifted(rate, uplift, region) if uplift else rate for rate in rates)

    def _contracted(self, key: tuple[str, str, str, str], listed: Schedule) -> Iterator[Rate]:
        provider, name, tier, region = key
        entry = self._entry(provider, name)[1]
        names = (name, entry["id"]) if entry else (name,)
        latest_first = self._own[::-1]
        for terms in sorted(latest_first, key=_wildcards):
            if terms["provider"] != provider or not _covers(terms, names, tier, region):
                continue
            if "discount" in terms:
                lowered = (discounted(rate, terms) for rate in listed)
                yield from (rate for rate in lowered if rate)
            else:
                exact = {**terms, "tier": tier, "region": region}
                yield rate_of(
                    exact, provider=provider, model=names[-1], source="", is_contracted=True
                )


def _wildcards(terms: Plain) -> int:
    return sum(terms.get(dimension, ANY) == ANY for dimension in _DIMENSIONS)


def _covers(terms: Plain, names: Sequence[str], tier: str, region: str) -> bool:
    wanted = [terms.get(dimension, ANY) for dimension in _DIMENSIONS]
    return (
        (wanted[0] == ANY or wanted[0].lower() in {name.lower() for name in names})
        and wanted[1] in (ANY, tier)
        and wanted[2] in (ANY, region)
    )
