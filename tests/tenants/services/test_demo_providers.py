import pytest
from pytest_django import Settings

from apps.kernel.clock import utc_now
from apps.tenants.models import Organization
from apps.tenants.selectors import organization_access
from apps.tenants.services.credentials import store_credential
from apps.tenants.services.demo import ensure_demo
from apps.tenants.services.demo_providers import SIMULATED_PROVIDERS
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
SIMULATOR = "http://localhost:42410"


@pytest.fixture(autouse=True)
def _environment(settings: Settings) -> None:
    settings.SIMULATOR_URL = SIMULATOR
    settings.DEMO_PROVIDER_KEYS = {"openai": "", "anthropic": ""}


def wired() -> dict[str, tuple[str | None, str, bool]]:
    """Address, secret and whether it may lie inside, of each provider of the demo."""
    ensure_demo(known=None, at=utc_now())
    demo = Organization.objects.get(slug="demo")
    (found,) = organization_access([demo.pk], at=utc_now())
    return {
        row.provider: (row.base_url, row.secret, row.may_reach_private)
        for row in found.credentials.values()
        if row.is_platform
    }


def test_the_demo_calls_the_simulator_as_every_provider() -> None:
    other = make_organization()
    found = wired()
    assert set(found) == {*SIMULATED_PROVIDERS, "openai_compatible"}
    assert set(found.values()) == {(SIMULATOR, "simulated-key", True)}
    assert other.credentials.count() == 0


def test_a_second_start_changes_nothing_but_the_port(settings: Settings) -> None:
    first = wired()
    assert wired() == first
    settings.SIMULATOR_URL = "http://localhost:42411"
    assert {address for address, _, _ in wired().values()} == {"http://localhost:42411"}
    assert Organization.objects.get(slug="demo").routes.count() == 1


def test_a_real_key_takes_the_place_of_the_simulator_and_gives_it_back(
    settings: Settings,
) -> None:
    wired()
    settings.DEMO_PROVIDER_KEYS = {"openai": "sk-real-key-of-openai", "anthropic": ""}
    found = wired()
    assert found["openai"] == (None, "sk-real-key-of-openai", False)
    assert found["anthropic"][0] == SIMULATOR
    settings.DEMO_PROVIDER_KEYS = {"openai": "", "anthropic": ""}
    assert wired()["openai"] == (SIMULATOR, "simulated-key", True)


def test_models_called_sim_go_to_the_simulator_beside_a_real_key(settings: Settings) -> None:
    settings.DEMO_PROVIDER_KEYS = {"openai": "sk-real-key-of-openai", "anthropic": ""}
    wired()
    demo = Organization.objects.get(slug="demo")
    (found,) = organization_access([demo.pk], at=utc_now())
    route = found.route(project_id=next(iter(found.projects)), model="sim/gpt-5")
    assert route is not None
    credential_id = route.targets[0].credential_id
    assert credential_id is not None
    assert found.credentials[credential_id].base_url == SIMULATOR


def test_credentials_that_somebody_added_stay(settings: Settings) -> None:
    wired()
    demo = Organization.objects.get(slug="demo")
    own = store_credential(
        organization=demo, provider="openai", name="Mine", secret="sk-of-my-own", at=utc_now()
    )
    wired()
    assert demo.credentials.get(pk=own.pk).is_platform is False


def test_without_a_simulator_the_demo_has_no_providers(settings: Settings) -> None:
    settings.SIMULATOR_URL = ""
    assert wired() == {}
