"""Say which providers carry the calls for a model, and what takes over when they fail."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.kernel.errors import NetraError
from apps.tenants.access import Target
from apps.tenants.models import Organization, ProviderCredential, Route, RouteTarget, Strategy
from apps.tenants.models.route import LONGEST_MS, LOWEST_PRIORITY, MOST_RETRIES, MOST_WEIGHT
from apps.tenants.services.credentials import PROVIDERS

MOST_TARGETS = 16
MOST_STARS = 8
MODEL_NAME = re.compile(r"[!-~]{1,200}")
TIMES = ("connect_ms", "first_byte_ms", "idle_ms")


class InvalidRoute(NetraError):
    code = "invalid_route"
    http_status = 400


class RoutePatternTaken(NetraError):
    code = "route_pattern_taken"
    http_status = 409
    message = "A route for this pattern is there already. Change that one."


@dataclass(frozen=True, slots=True)
class RouteTerms:
    """Everything a route says; times in milliseconds, cut to the total where they are longer.

    pattern: a model name; `*` stands for any run of characters. project_id: None for the whole
    organization. targets: where it leads, fallbacks included.
    """

    pattern: str
    targets: tuple[Target, ...]
    project_id: UUID | None = None
    strategy: str = Strategy.PRIORITY
    max_retries: int = 2
    connect_ms: int = 5_000
    first_byte_ms: int = 300_000
    idle_ms: int = 120_000
    total_ms: int = 600_000


def terms_of(route: Route) -> RouteTerms:
    """What `route` says now, targets by priority."""
    targets = sorted(route.targets.all(), key=lambda each: (each.priority, each.pk))
    return RouteTerms(
        pattern=route.pattern,
        targets=tuple(_target(each) for each in targets),
        project_id=route.project_id,
        strategy=route.strategy,
        max_retries=route.max_retries,
        connect_ms=route.connect_ms,
        first_byte_ms=route.first_byte_ms,
        idle_ms=route.idle_ms,
        total_ms=route.total_ms,
    )


def create_route(*, organization: Organization, terms: RouteTerms, at: datetime) -> Route:
    """Raises InvalidRoute, RoutePatternTaken."""
    return _saved(Route(organization=organization, created_at=at), terms)


@transaction.atomic
def change_route(*, organization: Organization, route_id: UUID, terms: RouteTerms) -> Route:
    """Say `terms` instead. Raises Route.DoesNotExist, InvalidRoute, RoutePatternTaken."""
    return _saved(organization.routes.select_for_update().get(pk=route_id), terms)


def delete_route(*, organization: Organization, route_id: UUID) -> None:
    """Calls find their provider without it from then on. Raises Route.DoesNotExist."""
    organization.routes.get(pk=route_id).delete()


def _saved(route: Route, terms: RouteTerms) -> Route:
    _check_terms(terms)
    _check_project(route.organization, terms.project_id)
    _check_targets(route.organization, terms.targets)
    for name, value in asdict(terms).items():
        if name != "targets":
            setattr(route, name, min(value, terms.total_ms) if name in TIMES else value)
    try:
        with transaction.atomic():
            route.save()
            route.targets.all().delete()
            RouteTarget.objects.bulk_create(_row(route, target) for target in terms.targets)
    except IntegrityError as error:
        raise RoutePatternTaken from error
    return route


def _check_terms(terms: RouteTerms) -> None:
    if not MODEL_NAME.fullmatch(terms.pattern) or terms.pattern.count("*") > MOST_STARS:
        raise InvalidRoute(
            f"Give the pattern as a model name of at most 200 characters without spaces, with "
            f"* for any run of characters, at most {MOST_STARS} times."
        )
    if terms.strategy not in Strategy.values:
        raise InvalidRoute(f"Choose one of the strategies {', '.join(Strategy.values)}.")
    if not 0 <= terms.max_retries <= MOST_RETRIES:
        raise InvalidRoute(f"Retry between 0 and {MOST_RETRIES} times.")
    if not 0 < terms.total_ms <= LONGEST_MS:
        raise InvalidRoute(f"The total time must be between 1 and {LONGEST_MS} milliseconds.")
    if not all(0 < getattr(terms, name) <= LONGEST_MS for name in TIMES):
        raise InvalidRoute(f"Each time must be between 1 and {LONGEST_MS} milliseconds.")


def _check_project(organization: Organization, project_id: UUID | None) -> None:
    if project_id is None:
        return
    if not organization.projects.filter(pk=project_id, archived_at=None).exists():
        raise InvalidRoute("Choose an open project of this organization.")


def _check_targets(organization: Organization, targets: tuple[Target, ...]) -> None:
    if not 0 < len(targets) <= MOST_TARGETS:
        raise InvalidRoute(f"Give the route between 1 and {MOST_TARGETS} targets.")
    places = Counter((each.provider, each.credential_id, each.model) for each in targets)
    if max(places.values()) > 1:
        raise InvalidRoute("Two targets of the route lead to the same place. Leave one out.")
    for target in targets:
        _check_target(target)
    _check_credentials(organization, targets)


def _check_target(target: Target) -> None:
    if target.provider not in PROVIDERS:
        raise InvalidRoute(f"Choose the provider of a target from {', '.join(PROVIDERS)}.")
    if target.model is not None and not MODEL_NAME.fullmatch(target.model):
        raise InvalidRoute("A target's model has at most 200 characters and no spaces.")
    if not 0 < target.weight <= MOST_WEIGHT:
        raise InvalidRoute(f"A target's weight must be between 1 and {MOST_WEIGHT}.")
    if not 0 <= target.priority <= LOWEST_PRIORITY:
        raise InvalidRoute(f"A target's priority must be between 0 and {LOWEST_PRIORITY}.")


def _check_credentials(organization: Organization, targets: Iterable[Target]) -> None:
    wanted = {each.credential_id: each.provider for each in targets if each.credential_id}
    found: dict[UUID, str] = dict(
        ProviderCredential.objects.filter(organization=organization, pk__in=wanted)
        .order_by("id")
        .values_list("id", "provider")
    )
    if found != wanted:
        raise InvalidRoute("Choose a credential of this organization and of the target's provider.")


def _row(route: Route, target: Target) -> RouteTarget:
    return RouteTarget(
        route=route,
        credential_id=target.credential_id,
        provider=target.provider,
        model=target.model or "",
        weight=target.weight,
        priority=target.priority,
    )


def _target(row: RouteTarget) -> Target:
    return Target(
        provider=row.provider,
        credential_id=row.credential_id,
        model=row.model or None,
        weight=row.weight,
        priority=row.priority,
    )
