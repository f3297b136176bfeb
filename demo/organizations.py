"""Three customers with the same traffic and different policies, made as customers are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from apps.attribution.models import Period
from apps.attribution.services import PeriodTerms, commit_period, create_experiment, stop_experiment
from apps.optimization.access import LEVERS, NO_JUDGE, PolicyTerms
from apps.optimization.services import set_policy
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization, Project, User
from apps.tenants.permissions import KEY_SCOPES, Role
from apps.tenants.services.api_keys import create_api_key
from apps.tenants.services.credentials import set_platform_credential
from apps.tenants.services.demo import DEMO_EMAIL
from apps.tenants.services.organizations import create_organization
from apps.tenants.services.projects import create_project
from demo.dressing import CHEAP_GPT

# What a demo that lasts minutes needs to show: more held out than is usual.
HOLDOUT_PERCENT = 20
# The period ends with a day, so that what is proven stands among the figures of that day; a run has
# at least so long.
SHORTEST = timedelta(hours=3)
BOUND = Decimal("0.02")
_SET_BY = "apex demo"
_UNCHANGED = ("exact_cache", "prompt_cache", "tier")


@dataclass(frozen=True, slots=True)
class Setting:
    """One of the three: who, and under which policy."""

    name: str
    title: str
    terms: PolicyTerms


def _terms(levers: Mapping[str, str]) -> PolicyTerms:
    """No judge: what is not the same counts as different, so that nothing is made up about it."""
    return PolicyTerms(
        levers=levers, quality_bound=BOUND, allowed_models=(CHEAP_GPT,), judge_model=NO_JUDGE
    )


SETTINGS = (
    Setting("all", "Demo: all levers", _terms(dict.fromkeys(LEVERS, "on"))),
    Setting(
        "unchanged",
        "Demo: prompts unchanged",
        PolicyTerms(levers={each: "on" if each in _UNCHANGED else "off" for each in LEVERS}),
    ),
    Setting("shadow", "Demo: all in shadow", _terms(dict.fromkeys(LEVERS, "shadow"))),
)


@dataclass(frozen=True, slots=True)
class Customer:
    """One run's place in an organization. secret: of its provider's credentials, the run's own, so
    that the provider's cache and bill are the run's own too. ids are texts, as a file keeps them.
    """

    name: str
    title: str
    slug: str
    organization_id: str
    project_id: str
    experiment_id: str
    period_ends_at: str
    key: str
    secret: str


class NoDemoLogin(Exception):
    """`./apex up` has not made the demo login."""


def demo_user() -> User:
    """The owner of the demo's organizations. Raises NoDemoLogin."""
    user = User.objects.filter(email=DEMO_EMAIL).first()
    if user is None:
        raise NoDemoLogin("there is no demo login yet; run ./apex up first")
    return user


@transaction.atomic
def furnish(
    setting: Setting, *, owner: User, run: str, simulator_url: str, at: datetime
) -> Customer:
    """A project of the run in the setting's organization, an experiment from now on, and a key.

    run: tells runs apart. The organization is made where the owner has none of that name.
    """
    organization = _organization(setting, owner, at)
    secret = f"sk-demo-{setting.name}-{run}"
    _lead_to_simulator(organization, secret, simulator_url, at)
    project = create_project(organization=organization, name=f"Run {run}", at=at)
    with tenant_scope(organization):
        period = _policed_period(setting, organization, project, at)
    return Customer(
        name=setting.name,
        title=setting.title,
        slug=organization.slug,
        organization_id=str(organization.pk),
        project_id=str(project.pk),
        experiment_id=str(period.experiment_id),
        period_ends_at=period.ends_at.isoformat(),
        # Last, so that a gateway that knows the key knows everything.
        key=_key(project, owner, at),
        secret=secret,
    )


def period_end(at: datetime) -> datetime:
    """The first midnight in UTC that leaves a run its time."""
    day = (at + SHORTEST).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=1)


def _lead_to_simulator(
    organization: Organization, secret: str, simulator_url: str, at: datetime
) -> None:
    for provider in ("openai", "anthropic"):
        set_platform_credential(
            organization=organization, provider=provider, name="Demo", secret=secret,
            base_url=simulator_url, at=at,
        )  # fmt: skip


def _policed_period(
    setting: Setting, organization: Organization, project: Project, at: datetime
) -> Period:
    """Under the setting's policy; one period, and none follows, whatever becomes of the run."""
    set_policy(
        organization=organization, terms=setting.terms, set_by=_SET_BY, at=at, project_id=project.pk
    )
    experiment = create_experiment(
        organization=organization, name=project.name, project_id=project.pk, at=at,
        holdout_percent=HOLDOUT_PERCENT,
    )  # fmt: skip
    terms = PeriodTerms(at, period_end(at), HOLDOUT_PERCENT)
    period = commit_period(
        organization=organization, experiment_id=experiment.pk, terms=terms, at=at
    )
    stop_experiment(experiment_id=experiment.pk, at=at)
    return period


def _key(project: Project, owner: User, at: datetime) -> str:
    new = create_api_key(
        project=project, name=project.name, scopes=KEY_SCOPES, granted_by=KEY_SCOPES,
        created_by=owner, at=at, is_test=True,
    )  # fmt: skip
    return new.text.value


def _organization(setting: Setting, owner: User, at: datetime) -> Organization:
    owned = Organization.objects.filter(
        name=setting.title,
        closed_at=None,
        memberships__user=owner,
        memberships__role=Role.OWNER,
    )
    return owned.first() or create_organization(name=setting.title, owner=owner, at=at)
