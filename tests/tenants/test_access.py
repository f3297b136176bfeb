from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st

from apps.tenants.access import (
    CredentialAccess,
    KeyAccess,
    Limit,
    OrganizationAccess,
    ProjectAccess,
    Route,
    Target,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
OURS, PROJECT, OTHER_PROJECT, KEY = (UUID(int=number) for number in range(1, 5))


def credential(number: int, provider: str = "openai") -> CredentialAccess:
    return CredentialAccess(UUID(int=number), OURS, provider, f"name {number}", "sk-secret-0001")


def route(pattern: str, project_id: UUID | None = None) -> Route:
    return Route(
        id=UUID(int=hash((pattern, project_id)) % 2**64),
        project_id=project_id,
        pattern=pattern,
        strategy="weighted",
        targets=(Target("openai", UUID(int=7), "gpt-5", weight=3, priority=1), Target("anthropic")),
        max_retries=2,
        connect_ms=5_000,
        first_byte_ms=60_000,
        idle_ms=60_000,
        total_ms=600_000,
    )


def limit(subject_id: UUID, amount: str = "10") -> Limit:
    return Limit(
        id=UUID(int=subject_id.int + 100),
        subject="project",
        subject_id=subject_id,
        kind="budget_usd",
        amount=Decimal(amount),
        window="month",
        alert_fractions=(Decimal("0.5"), Decimal("0.8")),
        is_hard=False,
        spent_usd=Decimal("1.25"),
    )


def organization(*routes: Route, limits: tuple[Limit, ...] = ()) -> OrganizationAccess:
    credentials = [credential(10), credential(12, "anthropic"), credential(11)]
    return OrganizationAccess(
        id=OURS,
        slug="acme",
        schema_name="tenant_acme",
        version=7,
        entitlements={"plan": "mid", "retention_days": 30, "sso": True},
        projects={PROJECT: ProjectAccess(PROJECT, "Search", stores_content=True)},
        credentials={row.id: row for row in credentials},
        routes=routes,
        limits=limits,
        data_key=b"d" * 32,
    )


def found(ours: OrganizationAccess, model: str, project_id: UUID = PROJECT) -> str | None:
    route = ours.route(project_id=project_id, model=model)
    return route.pattern if route else None


def test_an_organization_reads_back_equal() -> None:
    ours = organization(route("gpt-*"), route("gpt-5", PROJECT), limits=(limit(PROJECT),))
    again = OrganizationAccess.from_dict(orjson.loads(orjson.dumps(ours.to_dict())))
    assert again == ours
    assert again.credentials_of("openai") == ours.credentials_of("openai")


def test_a_key_reads_back_equal() -> None:
    key = KeyAccess(KEY, OURS, PROJECT, "Backend", True, frozenset({"gateway.call"}), AT)
    assert KeyAccess.from_dict(orjson.loads(orjson.dumps(key.to_dict()))) == key


def test_no_representation_shows_a_secret() -> None:
    text = repr(organization())
    assert ("sk-secret-0001" in text, "ddd" in text) == (False, False)


def test_a_key_ends_at_its_expiry_and_at_its_revocation() -> None:
    later = AT + timedelta(seconds=1)
    states = [
        KeyAccess(KEY, OURS, PROJECT, "Backend", False, frozenset(), expiry, revocation).state(
            at=AT
        )
        for expiry, revocation in (
            (None, None),
            (later, later),
            (AT, None),
            (None, AT),
            (AT, AT),
        )
    ]
    assert states == ["active", "active", "expired", "revoked", "revoked"]


def test_credentials_of_a_provider_keep_their_order() -> None:
    ours = organization()
    assert [row.id.int for row in ours.credentials_of("openai")] == [10, 11]
    assert ours.credentials_of("mistral") == ()


def test_the_most_specific_route_wins() -> None:
    ours = organization(
        route("*"), route("gpt-*"), route("gpt-5*"), route("gpt-5"), route("gpt-*", PROJECT)
    )
    assert found(ours, "gpt-5") == "gpt-*"
    assert found(ours, "gpt-5", OTHER_PROJECT) == "gpt-5"
    assert found(ours, "gpt-5-mini", OTHER_PROJECT) == "gpt-5*"
    assert found(ours, "gpt-4o", OTHER_PROJECT) == "gpt-*"
    assert found(ours, "claude-opus-4-5") == "*"
    assert found(organization(route("gpt-5", OTHER_PROJECT)), "gpt-5") is None


def test_a_route_of_one_project_is_none_of_another() -> None:
    ours = organization(route("gpt-5", OTHER_PROJECT))
    assert (found(ours, "gpt-5", OTHER_PROJECT), found(ours, "gpt-5")) == ("gpt-5", None)


names = st.text("ab*", max_size=8)


@given(names.map(lambda text: text + "*"), st.text("ab", max_size=12))
def test_a_star_is_any_run_of_characters(pattern: str, model: str) -> None:
    assert (found(organization(route(pattern)), model) == pattern) == fnmatchcase(model, pattern)


def test_brackets_and_question_marks_are_themselves() -> None:
    ours = organization(route("a[b]?*"))
    assert (found(ours, "a[b]?c"), found(ours, "abxc")) == ("a[b]?*", None)


def test_many_stars_end() -> None:
    """A regular expression would still run at the end of this universe."""
    assert found(organization(route("*a" * 30 + "*b")), "a" * 10_000) is None


def test_the_limits_of_a_call_are_those_of_its_organization_project_and_key() -> None:
    bound = [limit(KEY, "1"), limit(PROJECT, "2"), limit(OTHER_PROJECT), limit(OURS, "3")]
    ours = organization(limits=tuple(bound))
    amounts = [each.amount for each in ours.limits_of(project_id=PROJECT, key_id=KEY)]
    assert amounts == [Decimal(3), Decimal(2), Decimal(1)]
