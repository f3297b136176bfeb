"""Where the calls of the demo organization go: to the simulator, or to providers with real keys.

One credential for each provider, so that nothing chooses between a real and a simulated one, and
no simulated answer ever stands in for a real one that failed. Models called `sim/…` always go to
the simulator.
"""

from datetime import datetime

from django.conf import settings

from apps.tenants.access import Target
from apps.tenants.models import Organization
from apps.tenants.services.credentials import set_platform_credential
from apps.tenants.services.routes import RouteTerms, create_route

NAME = "Demo"
SIMULATED_PROVIDERS = (
    "openai", "anthropic", "azure_openai", "google", "cohere", "mistral", "groq", "deepseek",
    "together", "openrouter",
)  # fmt: skip
SIMULATOR = "openai_compatible"
SIMULATOR_PATTERN = "sim/*"
SIMULATED_SECRET = "simulated-key"  # noqa: S105  (the simulator takes any)


def wire_demo(*, organization: Organization, at: datetime) -> None:
    """Bring the demo's credentials up to date with the environment; ports change between starts."""
    keys = {provider: key for provider, key in settings.DEMO_PROVIDER_KEYS.items() if key}
    for provider, key in keys.items():
        set_platform_credential(
            organization=organization, provider=provider, name=NAME, secret=key, at=at
        )
    if settings.SIMULATOR_URL:
        for provider in (*SIMULATED_PROVIDERS, SIMULATOR):
            if provider not in keys:
                _simulate(organization, provider, at=at)
        _route_to_simulator(organization, at=at)


def _simulate(organization: Organization, provider: str, *, at: datetime) -> None:
    set_platform_credential(
        organization=organization,
        provider=provider,
        name=NAME,
        secret=SIMULATED_SECRET,
        base_url=settings.SIMULATOR_URL,
        at=at,
    )


def _route_to_simulator(organization: Organization, *, at: datetime) -> None:
    if organization.routes.filter(pattern=SIMULATOR_PATTERN, project=None).exists():
        return
    credential = organization.credentials.get(provider=SIMULATOR, name=NAME)
    terms = RouteTerms(SIMULATOR_PATTERN, (Target(SIMULATOR, credential.pk),))
    create_route(organization=organization, terms=terms, at=at)
