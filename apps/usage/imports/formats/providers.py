"""What sources call a provider, and which one a model belongs to where they do not say."""

import re

# Names of the price book, by what others write; compared without case and punctuation.
_NAMES = {
    "azureaiopenai": "azure_openai",
    "azure": "azure_openai",
    "azureopenai": "azure_openai",
    "gcpgemini": "google",
    "gcpvertexai": "google",
    "gcpgenai": "google",
    "gemini": "google",
    "googleaistudio": "google",
    "googlevertexai": "google",
    "vertexai": "google",
    "mistralai": "mistral",
    "cohereai": "cohere",
    "togetherai": "together",
    "azureaiinference": "azure_openai",
}
_MODELS = (
    (re.compile(r"claude"), "anthropic"),
    (re.compile(r"gemini|palm"), "google"),
    (re.compile(r"mistral|mixtral|codestral|ministral|pixtral"), "mistral"),
    (re.compile(r"command|^c4ai|^rerank|^embed-"), "cohere"),
    (re.compile(r"deepseek"), "deepseek"),
    (
        re.compile(r"^(ft:)?(gpt|o\d|chatgpt|text-|davinci|babbage|tts-|whisper|dall-e|omni)"),
        "openai",
    ),
)
UNKNOWN = "unknown"


def provider_of(stated: str | None, model: str | None) -> str:
    """The provider as the price book names it: what is stated, else what the model tells."""
    if stated:
        plain = re.sub(r"[^a-z0-9]", "", stated.lower())
        return _NAMES.get(plain, stated.lower())
    name = (model or "").lower()
    head, slash, rest = name.partition("/")
    if slash and rest:
        return provider_of(head, None)
    return next((provider for rule, provider in _MODELS if rule.search(name)), UNKNOWN)


def plain_model(provider: str, model: str | None) -> str | None:
    """The model without the provider that some sources write before it."""
    head, slash, rest = (model or "").partition("/")
    return rest if slash and provider_of(head, None) == provider else model
