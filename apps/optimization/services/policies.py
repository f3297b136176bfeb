"""Say what levers may do, and declare kept answers void. Run inside the organization's scope."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.kernel.errors import NetraError
from apps.optimization.access import LEVERS, PART, STATES, PolicyTerms
from apps.optimization.deadlines.stated import LONGEST
from apps.optimization.models import CacheFlush, Policy
from apps.optimization.selectors import LONGEST_TTL_S, said_by, standing
from apps.tenants.models import Organization
from apps.tenants.services.gateway_parts import publish_part

TRAFFIC_STEPS = (0, 10, 50, 100)
MOST_MODELS = 50
LONGEST_NAME = 200
LONGEST_DEADLINE_S = int(LONGEST.total_seconds())
MOST_TAG_FLUSHES = 1_000


class InvalidPolicy(NetraError):
    code = "invalid_policy"
    http_status = 400


class TooManyFlushes(NetraError):
    code = "too_many_invalidations"
    http_status = 409
    message = (
        f"{MOST_TAG_FLUSHES} tags are void already, each for as long as answers may be kept. "
        "Invalidate a whole project instead."
    )


@transaction.atomic
def set_policy(
    *,
    organization: Organization,
    terms: PolicyTerms,
    set_by: str,
    at: datetime,
    project_id: UUID | None = None,
    api_key_id: UUID | None = None,
) -> Policy:
    """Let the key, else the project, else the whole organization say `terms` from now on.

    set_by: the person or API key. Holds at gateways within two seconds. Raises InvalidPolicy.
    """
    _check_terms(terms)
    Organization.objects.select_for_update().get(pk=organization.pk)
    project_id = _project_of(organization, project_id, api_key_id)
    newest = Policy.objects.order_by("-version").values_list("version", flat=True).first() or 0
    row = Policy.objects.create(
        version=newest + 1,
        project_id=project_id,
        api_key_id=api_key_id,
        levers=dict(terms.levers),
        quality_bound=terms.quality_bound,
        cache_ttl_s=terms.cache_ttl_s,
        caches_any_temperature=terms.caches_any_temperature,
        traffic_percent=terms.traffic_percent,
        allowed_models=None if terms.allowed_models is None else list(terms.allowed_models),
        judge_model=terms.judge_model,
        deadline_s=terms.deadline_s,
        set_by=set_by,
        created_at=at,
    )
    _publish(organization, at=at)
    return row


@transaction.atomic
def switch_lever(
    *,
    organization: Organization,
    lever: str,
    state: str | None,
    set_by: str,
    at: datetime,
    project_id: UUID | None = None,
    api_key_id: UUID | None = None,
) -> Policy:
    """Let a subject say off, shadow or on of one lever, None for what is above, and go on saying
    all the rest. Raises InvalidPolicy.
    """
    if lever not in LEVERS:
        raise InvalidPolicy(f"{lever}: choose from {', '.join(LEVERS)}.")
    Organization.objects.select_for_update().get(pk=organization.pk)
    terms = said_by(project_id=project_id, api_key_id=api_key_id)
    levers = {name: said for name, said in terms.levers.items() if name != lever}
    return set_policy(
        organization=organization,
        terms=replace(terms, levers=levers | ({lever: state} if state else {})),
        set_by=set_by,
        at=at,
        project_id=project_id,
        api_key_id=api_key_id,
    )


@transaction.atomic
def invalidate_answers(
    *,
    organization: Organization,
    asked_by: str,
    at: datetime,
    project_id: UUID | None = None,
    tag: str | None = None,
) -> CacheFlush:
    """Answers to calls that began before `at` are not given any more: those of a project, else of
    all; those with `tag` (name=value, as in Netra-Tags), else all. Raises InvalidPolicy,
    TooManyFlushes.
    """
    if tag is not None and not 0 < len(tag) <= 2 * LONGEST_NAME:
        raise InvalidPolicy("Give the tag as name=value.")
    Organization.objects.select_for_update().get(pk=organization.pk)
    _project_of(organization, project_id, None)
    if tag is not None and CacheFlush.objects.exclude(tag=None).count() >= MOST_TAG_FLUSHES:
        raise TooManyFlushes
    row, _ = CacheFlush.objects.update_or_create(
        project_id=project_id, tag=tag, defaults={"at": at, "asked_by": asked_by}
    )
    _publish(organization, at=at)
    return row


def _publish(organization: Organization, *, at: datetime) -> None:
    known = standing(at=at)
    publish_part(organization=organization, name=PART, document=known.to_dict(), at=at)
    CacheFlush.objects.exclude(at__in=[each.at for each in known.flushes]).delete()


def _project_of(
    organization: Organization, project_id: UUID | None, api_key_id: UUID | None
) -> UUID | None:
    """The project that the subject is, or that the key is of. Raises InvalidPolicy."""
    if api_key_id is not None:
        if project_id is not None:
            raise InvalidPolicy("Name a project or a key, not both.")
        key = organization.api_keys.filter(pk=api_key_id).first()
        if key is None:
            raise InvalidPolicy("Choose a key of this organization.")
        return key.project_id
    is_known = project_id is None or _is_open(organization, project_id)
    if not is_known:
        raise InvalidPolicy("Choose an open project of this organization.")
    return project_id


def _is_open(organization: Organization, project_id: UUID) -> bool:
    return organization.projects.filter(pk=project_id, archived_at=None).exists()


def _check_terms(terms: PolicyTerms) -> None:
    _check_levers(terms)
    bound, ttl = terms.quality_bound, terms.cache_ttl_s
    if bound is not None and (not 0 <= bound <= 1 or bound % Decimal("0.0001")):
        raise InvalidPolicy("Give the quality bound as a share from 0 to 1, like 0.01.")
    if ttl is not None and not 0 < ttl <= LONGEST_TTL_S:
        raise InvalidPolicy(f"Keep answers for 1 to {LONGEST_TTL_S} seconds.")
    if terms.traffic_percent not in (None, *TRAFFIC_STEPS):
        steps = ", ".join(map(str, TRAFFIC_STEPS))
        raise InvalidPolicy(f"Choose the share of traffic from {steps} percent.")
    if terms.allowed_models is not None and not _are_models(terms.allowed_models):
        raise InvalidPolicy(f"Name at most {MOST_MODELS} models, each without spaces.")
    if terms.judge_model is not None and not _are_models((terms.judge_model,)):
        raise InvalidPolicy("Name the judge's model as a call names it, without spaces, or none.")
    if terms.deadline_s is not None and not 0 < terms.deadline_s <= LONGEST_DEADLINE_S:
        raise InvalidPolicy(f"Let calls wait for 1 to {LONGEST_DEADLINE_S} seconds.")


def _check_levers(terms: PolicyTerms) -> None:
    if unknown := set(terms.levers) - set(LEVERS):
        raise InvalidPolicy(f"{', '.join(sorted(unknown))}: choose from {', '.join(LEVERS)}.")
    if not set(terms.levers.values()) <= set(STATES):
        raise InvalidPolicy(f"A lever is one of {', '.join(STATES)}.")


def _are_models(names: tuple[str, ...]) -> bool:
    return len(names) <= MOST_MODELS and all(
        0 < len(name) <= LONGEST_NAME and name.isprintable() and " " not in name for name in names
    )
