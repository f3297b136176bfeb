"""Write apps/pricing/catalogue anew from the installed genai-prices and our supplement."""

import json
from argparse import ArgumentParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from genai_prices.data import providers

from apps.pricing.catalogue import write_catalogue
from apps.pricing.management.conversion import converted

SUPPLEMENT = Path(__file__).parents[1] / "supplement.json"
# Our provider codes and theirs. vLLM and Ollama are run by the customer: priced by contract only.
PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "azure_openai": "azure",
    "google": "google",
    "cohere": "cohere",
    "mistral": "mistral",
    "groq": "groq",
    "deepseek": "deepseek",
    "together": "together",
    "openrouter": "openrouter",
}
SOURCE = "https://github.com/pydantic/genai-prices"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", help="The date of the prices, YYYY-MM-DD.")

    def handle(self, *args: Any, edition: str, **options: Any) -> None:
        catalogue = built(edition, json.loads(SUPPLEMENT.read_text()))
        write_catalogue(catalogue)
        count = sum(len(entry["models"]) for entry in catalogue["providers"].values())
        self.stdout.write(f"{count} models of {len(PROVIDERS)} providers, edition {edition}")


def built(edition: str, supplement: dict[str, Any]) -> dict[str, Any]:
    """The catalogue of `edition`; `supplement` adds what genai-prices lacks."""
    return {
        "edition": edition,
        "source": f"{SOURCE} {version('genai-prices')}",
        "providers": {
            ours: _provider(theirs, supplement["providers"].get(ours, {}))
            for ours, theirs in PROVIDERS.items()
        },
    }


def _provider(theirs: str, extra: dict[str, Any]) -> dict[str, Any]:
    provider = next(each for each in providers if each.id == theirs)
    ours = {name: code for code, name in PROVIDERS.items()}
    fallback = [ours[name] for name in provider.fallback_model_providers or () if name in ours]
    models = {
        model.id: _supplemented(converted(model, is_free=_is_free(model.id, extra)), extra)
        for model in provider.models
    }
    models |= {model["id"]: model for model in extra.get("models", ())}
    entry: dict[str, Any] = {"source": (provider.pricing_urls or [SOURCE])[0]}
    if fallback:
        entry["fallback"] = fallback
    return entry | {"models": list(models.values())}


def _is_free(model: str, extra: dict[str, Any]) -> bool:
    """A missing price is a placeholder as often as a gift, so that gifts are named."""
    return model.endswith(":free") or model in extra.get("free", ())


def _supplemented(model: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    context_window, max_output_tokens = extra.get("limits", {}).get(model["id"], (None, None))
    added = {"max_output_tokens": max_output_tokens, "context_window": context_window}
    added["regions"] = extra.get("regions", {}).get(model["id"])
    if prices := extra.get("prices", {}).get(model["id"]):
        rates = [rate | {"per_mtok": prices | rate["per_mtok"]} for rate in model["rates"]]
        model = model | {"rates": rates}
    return {name: value for name, value in added.items() if value} | model
