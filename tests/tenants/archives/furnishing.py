"""An organization with one of everything that an archive holds."""

from decimal import Decimal

from apps.kernel.events import Event
from apps.kernel.tokens import TokenBuckets
from apps.notices.kinds import Kind
from apps.notices.services.announcing import News, announce
from apps.optimization.access import PolicyTerms
from apps.optimization.services.policies import set_policy
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.permissions import Role
from apps.usage.services.ingestion import ingest_events
from tests import factories
from tests.usage.calls import AT, make_event

SECRET = "sk-provider-secret-0001"


def furnish(name: str) -> tuple[Organization, str]:
    """An organization whose every text holds its name, and its key."""
    organization = factories.make_organization(name, factories.make_user(f"{name}@owner.test"))
    factories.make_member(organization, Role.FINANCE, f"{name}@finance.test")
    factories.make_credential(organization, name=name, secret=SECRET)
    factories.make_route(organization, f"{name}-*")
    factories.make_limit(organization)
    factories.make_webhook(organization, f"https://93.184.216.34/{name}")
    factories.make_invitation(organization, f"{name}@invited.test")
    factories.make_contracted_rate(organization, source=f"MSA {name}")
    calls = [make_call(organization, name), make_call(organization, name)]
    ingest_events(organization=organization, events=calls, at=AT)
    news = News(Kind.BUDGET_ALERT, name, f"{name} spent", "advice", {"who": name}, "limits")
    announce(organization=organization, news=news, at=AT)
    with tenant_scope(organization):
        set_policy(organization=organization, terms=PolicyTerms(), set_by=name, at=AT)
    return organization, factories.make_api_key(organization, name=name).text.value


def make_call(organization: Organization, name: str) -> Event:
    return make_event(
        organization,
        end_user=f"{name} user",
        buckets=TokenBuckets(input_uncached=10, output=5),
        actual_usd=Decimal("0.25"),
        is_priced=True,
    )
