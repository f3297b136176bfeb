"""The official SDKs of OpenAI and Anthropic, at the gateway or straight at the simulator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from time import perf_counter
from typing import Any

import anthropic
import openai

from demo.conversations import Conversation, Said, canonical, said_in

REFERENCE = "reference"
_TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back of one call.

    usage: as the answer reports it. model: who answered. given: "" where the provider was asked,
    else what Netra-Cache says of the kept answer. error: "" or what went wrong.
    """

    said: Said = Said()
    usage: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    given: str = ""
    ms: float = 0.0
    error: str = ""


class Carrier:
    """Carries calls as one customer: `name`, by an API key, to the origin `url`."""

    def __init__(self, name: str, url: str, key: str) -> None:
        self.name = name
        self._openai = openai.AsyncOpenAI(
            base_url=f"{url}/v1", api_key=key, timeout=_TIMEOUT_SECONDS
        )
        self._anthropic = anthropic.AsyncAnthropic(
            base_url=url, api_key=key, timeout=_TIMEOUT_SECONDS
        )

    async def ask(self, conversation: Conversation, turn: int) -> Answered:
        """One call of the conversation; of an error what is left after the SDK's own retries."""
        began = perf_counter()
        try:
            response = await self._sent(conversation, turn)
        except (openai.OpenAIError, anthropic.AnthropicError) as error:
            return Answered(ms=_ms(began), error=f"{type(error).__name__}: {error}")
        return await _answered(response, conversation.sdk, _ms(began))

    async def close(self) -> None:
        await self._openai.close()
        await self._anthropic.close()

    async def _sent(self, conversation: Conversation, turn: int) -> Any:
        body = conversation.body(turn)
        headers = {"Netra-Conversation": conversation.name}
        if conversation.tags:
            headers["Netra-Tags"] = conversation.tags
        if conversation.sdk == "openai":
            completions = self._openai.chat.completions
            return await completions.with_raw_response.create(**body, extra_headers=headers)
        messages = self._anthropic.messages
        return await messages.with_raw_response.create(**body, extra_headers=headers)


async def _answered(response: Any, sdk: str, ms: float) -> Answered:
    parsed = response.parse()
    if isawaitable(parsed):  # Anthropic's SDK, not OpenAI's
        parsed = await parsed
    usage = parsed.usage.model_dump(exclude_none=True)
    given = response.headers.get("netra-cache", "")
    said = _of_gpt(parsed) if sdk == "openai" else _of_claude(parsed)
    return Answered(said, usage, parsed.model, given if given in KEPT else "", ms)


# What Netra-Cache says of an answer that no provider was asked for.
KEPT = frozenset({"hit", "near-exact", "semantic"})


def _of_gpt(completion: Any) -> Said:
    message = completion.choices[0].message
    return said_in(message.model_dump(include={"content", "tool_calls"}, exclude_none=True))


def _of_claude(message: Any) -> Said:
    used = [block for block in message.content if block.type == "tool_use"]
    return Said(
        "".join(block.text for block in message.content if block.type == "text"),
        tuple((block.name, canonical(block.input)) for block in used),
    )


def _ms(began: float) -> float:
    return round((perf_counter() - began) * 1_000, 3)
