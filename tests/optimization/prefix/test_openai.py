"""The cache key tells prefixes and customers apart, and nothing about them."""

from typing import Any

from apps.optimization.prefix import prompt_cache_key

KEY = b"k" * 32
LONG = "s" * 5_000


def _key(namespace: str = "o/p", system: str = LONG, user: str = "hi", **more: Any) -> str | None:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    request = {"model": "gpt-5.6", "messages": messages, **more}
    return prompt_cache_key(request, namespace=namespace, key=KEY)


def test_calls_of_the_same_instructions_share_a_key() -> None:
    assert _key(user="one") == _key(user="two")


def test_organizations_projects_and_prefixes_have_keys_of_their_own() -> None:
    keys = [_key(), _key("o/q"), _key("p/p"), _key(system=LONG + "."), _key(tools=[{"name": "f"}])]
    assert len(set(keys)) == 5


def test_short_instructions_are_told_apart_by_the_conversation() -> None:
    assert _key(system="s", user="one") != _key(system="s", user="two")


def test_the_clients_own_key_stays() -> None:
    assert [_key(prompt_cache_key="mine"), _key(prompt_cache_key=None)] == [None, None]


def test_the_responses_api_is_read_as_well() -> None:
    request = {"model": "gpt-5.6", "instructions": LONG, "input": "hi"}
    key = prompt_cache_key(request, namespace="o/p", key=KEY)
    assert key == prompt_cache_key({**request, "input": "ho"}, namespace="o/p", key=KEY)


def test_a_key_is_short_enough_for_the_provider() -> None:
    assert len(str(_key())) == 38
