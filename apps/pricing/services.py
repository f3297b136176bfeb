"""Publish editions of the price book, and set what organizations agreed on."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.pricing.catalogue import shipped_catalogue
from apps.pricing.models import Catalogue, ContractedRate, PriceBookEdition
from apps.pricing.rates import TIERS, InvalidRate
from apps.pricing.rates.book import ANY
from apps.pricing.rates.terms import rate_of
from apps.tenants.models import Organization

_MOMENT = timedelta(microseconds=1)
_DISCOUNT_PLACES = 6


class InvalidCatalogue(NetraError):
    code = "invalid_catalogue"
    http_status = 400


class InvalidContract(NetraError):
    code = "invalid_contract"
    http_status = 400


class ContractEnded(NetraError):
    code = "contract_ended"
    http_status = 409
    message = "This contracted rate has ended already. Set a new one."


@transaction.atomic
def publish_edition(*, catalogue: Mapping[str, Any], reason: str, at: datetime) -> PriceBookEdition:
    """Make `catalogue` the price book from `at` on; the same one twice changes nothing.

    Calls that started before keep their version. Raises InvalidCatalogue.
    """
    digest = _digest(catalogue)
    last = _locked_last()
    if last and last.catalogue_id == digest:
        return last
    _check(catalogue)
    row, _ = Catalogue.objects.get_or_create(
        digest=digest,
        defaults={
            "edition": date.fromisoformat(catalogue["edition"]),
            "source": catalogue["source"],
            "content": catalogue,
            "added_at": at,
        },
    )
    return _next_edition(last, row, reason=reason, at=at)


@transaction.atomic
def publish_shipped_catalogue(*, at: datetime) -> PriceBookEdition | None:
    """Publish the catalogue of this release, unless it or a newer one was published before.

    A release rolled back therefore leaves the prices alone. Returns the new edition, if any.
    """
    catalogue = shipped_catalogue()
    day = date.fromisoformat(catalogue["edition"])
    _locked_last()
    known = Catalogue.objects.filter(digest=_digest(catalogue))
    if known.exists() or Catalogue.objects.filter(edition__gt=day).exists():
        return None
    return publish_edition(catalogue=catalogue, reason=f"Shipped catalogue of {day}", at=at)


@transaction.atomic
def set_contracted_rate(
    *,
    organization: Organization,
    provider: str,
    terms: Mapping[str, Any],
    source: str,
    valid_from: datetime,
    at: datetime,
    valid_to: datetime | None = None,
    model: str = ANY,
    tier: str = ANY,
    region: str = ANY,
) -> ContractedRate:
    """Set what an organization pays instead of the list, in a new version of the price book.

    terms: {"per_mtok", "steps", "units"} or {"discount": share of the list price}. Where it
    overlaps an older rate of the same model, tier and region, it wins. Raises InvalidContract.
    """
    check_terms(terms=terms, tier=tier)
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidContract("A contracted rate must end after it starts.")
    reason = f"Contracted rate of {organization.slug} for {provider} {model}"
    return ContractedRate.objects.create(
        organization=organization,
        provider=provider,
        model=model,
        tier=tier,
        region=region,
        terms=dict(terms),
        source=source,
        valid_from=valid_from,
        valid_to=valid_to,
        introduced=_same_catalogue(reason=reason, at=at),
    )


@transaction.atomic
def end_contracted_rate(
    *, rate_id: UUID, at: datetime, valid_to: datetime | None = None
) -> ContractedRate | None:
    """Let a rate hold until `valid_to` only, or withdraw it, from a new version on.

    Returns what is left of it. Raises ContractedRate.DoesNotExist, ContractEnded, InvalidContract.
    """
    rate = ContractedRate.objects.select_for_update(of=("self",)).get(pk=rate_id)
    if rate.ended_id is not None:
        raise ContractEnded
    if valid_to is not None and valid_to <= rate.valid_from:
        raise InvalidContract("A contracted rate must end after it starts. Or withdraw it.")
    rate.ended = _same_catalogue(reason=f"End of contracted rate {rate.pk}", at=at)
    rate.save(update_fields=["ended"])
    if valid_to is None:
        return None
    left = ContractedRate.objects.get(pk=rate_id)
    left.pk, left.valid_to = ContractedRate._meta.pk.get_default(), valid_to
    left.introduced, left.ended = rate.ended, None
    left.save(force_insert=True)
    return left


def _same_catalogue(*, reason: str, at: datetime) -> PriceBookEdition:
    last = _locked_last()
    if last is None:
        last = publish_edition(catalogue=shipped_catalogue(), reason="Shipped catalogue", at=at)
    return _next_edition(last, last.catalogue, reason=reason, at=at)


def _next_edition(
    last: PriceBookEdition | None, catalogue: Catalogue, *, reason: str, at: datetime
) -> PriceBookEdition:
    """Versions follow one another in time as well, even where clocks disagree."""
    in_force_from = max(at, last.in_force_from + _MOMENT) if last else at
    return PriceBookEdition.objects.create(
        version=last.version + 1 if last else 1,
        catalogue=catalogue,
        in_force_from=in_force_from,
        reason=reason[:300],
    )


def _locked_last() -> PriceBookEdition | None:
    """The newest edition; whoever holds it is the only one to add another."""
    editions = PriceBookEdition.objects.select_for_update(of=("self",))
    return editions.select_related("catalogue").order_by("-version").first()


def _digest(catalogue: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(catalogue, sort_keys=True).encode()).hexdigest()


def _check(catalogue: Mapping[str, Any]) -> None:
    for provider, entry in catalogue["providers"].items():
        for model in entry["models"]:
            for terms in model["rates"]:
                try:
                    rate_of(terms, provider=provider, model=model["id"], source=entry["source"])
                except (InvalidRate, InvalidOperation) as error:
                    raise InvalidCatalogue(f"{provider} {model['id']}: {error}") from error


def check_terms(*, terms: Mapping[str, Any], tier: str) -> None:
    """Refuse what is no price, no discount or no tier. Raises InvalidContract."""
    if tier not in (ANY, *TIERS):
        raise InvalidContract(f"The tiers are {', '.join(TIERS)}, or {ANY} for all of them.")
    kinds = {"discount"} if "discount" in terms else {"per_mtok", "steps", "units"}
    if not terms or set(terms) - kinds:
        raise InvalidContract("State prices (per_mtok, steps, units) or a discount, not both.")
    try:
        if "discount" in terms:
            _check_discount(Decimal(terms["discount"]))
        else:
            rate_of(terms, provider="", model="", source="")
    except (InvalidRate, InvalidOperation, TypeError, KeyError, AttributeError) as error:
        raise InvalidContract(f"These are no prices: {error}") from error


def _check_discount(share: Decimal) -> None:
    if not (share.is_finite() and 0 < share <= 1) or share.as_tuple().exponent < -_DISCOUNT_PLACES:  # type: ignore[operator]  # finite
        raise InvalidContract("A discount is a share of at most 1, for example 0.15.")
