from collections import Counter

import pytest

from apps.portal.snippets import preferred_api, snippets
from tests.gateways import price_book
from tests.usage.calls import AT


def test_each_form_is_there_in_each_language_with_key_and_address() -> None:
    found = snippets(gateway_url="https://gw.test", key="nap_live_1")
    assert Counter(each.api for each in found) == {"openai": 3, "anthropic": 3}
    assert [each.language for each in found] == ["python", "typescript", "curl"] * 2
    assert all("nap_live_1" in each.text for each in found)
    # OpenAI's SDKs append to /v1, Anthropic's bring it.
    addresses = ["https://gw.test/v1"] * 3 + ["https://gw.test"] * 3
    assert all(address in each.text for address, each in zip(addresses, found, strict=True))
    assert all('https://gw.test/v1"' not in each.text for each in found[3:])


@pytest.mark.parametrize(
    ("providers", "api", "model"),
    [
        ((), "openai", "gpt-4o-mini"),
        (("anthropic", "openai"), "openai", "gpt-4o-mini"),
        (("anthropic",), "anthropic", "gpt-4o-mini"),
        (("groq",), "openai", "groq/llama-3.3-70b-versatile"),
        (("anthropic", "mistral"), "openai", "mistral/mistral-small-latest"),
    ],
)
def test_the_model_is_one_of_a_provider_with_a_credential(
    providers: tuple[str, ...], api: str, model: str
) -> None:
    found = snippets(gateway_url="https://gw.test", key="k", providers=providers)
    assert preferred_api(providers) == api
    assert f'"{model}"' in found[0].text


@pytest.mark.parametrize("provider", ["openai", "anthropic", "groq", "mistral", "deepseek"])
def test_the_price_list_has_every_model_that_is_named(provider: str) -> None:
    found = snippets(gateway_url="https://gw.test", key="k", providers=(provider,))
    shown = found[3 if provider == "anthropic" else 0].text.split('model="')[1].split('"')[0]
    model = shown.removeprefix(f"{provider}/")
    assert price_book().rate(provider, model, "standard", "", AT) is not None
