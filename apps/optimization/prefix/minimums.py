"""The shortest prefix that a provider keeps; a shorter one silently costs the full price."""

# Anthropic, "Prompt caching" and "What's new in Claude Opus 5" (read 2026-11): tokens by the
# beginning of the model's name, the longest that fits.
_ANTHROPIC = {
    "claude-opus-5": 512,
    "claude-fable-5": 512,
    "claude-mythos-5": 512,
    "claude-opus-4-8": 1_024,
    "claude-opus-4-7": 4_096,  # 2,048 by the newest page, 4,096 by others: the safe one
    "claude-opus-4-6": 4_096,
    "claude-opus-4-5": 4_096,
    "claude-opus-4": 1_024,
    "claude-sonnet-5": 1_024,
    "claude-sonnet-4-6": 2_048,  # 1,024 by the newest page
    "claude-sonnet-4": 1_024,
    "claude-haiku-4-5": 4_096,
    "claude-3-7-sonnet": 1_024,
    "claude-3-5-sonnet": 1_024,
    "claude-3-5-haiku": 2_048,
    "claude-3-opus": 1_024,
    "claude-3-haiku": 2_048,
}
_UNKNOWN = 4_096


def minimum_tokens(model: str) -> int:
    """Tokens of the shortest prefix that Anthropic keeps for `model`; unknown models: the most.

    A region or vendor before the name ("us.anthropic.claude-…") does not matter.
    """
    name = model[max(model.find("claude-"), 0) :].replace(".", "-")
    fitting = [prefix for prefix in _ANTHROPIC if name.startswith(prefix)]
    return _ANTHROPIC[max(fitting, key=len)] if fitting else _UNKNOWN
