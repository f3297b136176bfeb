"""OpenAI's chat completions, and everybody's who speaks them."""

import re
from typing import Any

import orjson

from apps.proxy.providers.facts import Endpoint, RequestFacts
from apps.proxy.providers.json_splice import add_member, replace_values
from apps.proxy.providers.openai_errors import OpenAIDialect, OpenAIReader
from apps.proxy.providers.openai_usage import read_usage
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import byte_length, name_of, rows_of, table_of
from apps.proxy.providers.wire import changed, limit_of, model_of

PROMPT = ("messages", "tools", "functions", "response_format", "prediction", "prompt", "suffix")
_TELLING = {"error", "x_groq"}
_ASKED = b'{"include_usage":true}'
# Whoever asks for usage gets this in every other chunk. A quote within a text is escaped, so that
# only a member can match.
_NO_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')


class CompletionReader(OpenAIReader):
    """Chat and legacy completions, whole or as chunks."""

    def __init__(self, facts: RequestFacts, *, strip_usage: bool) -> None:
        super().__init__(facts)
        self._strips = strip_usage

    def read(self, name: bytes, data: bytes) -> bool:
        """A chunk, or `[DONE]`. The client must not get a usage chunk that it did not ask for."""
        if data.startswith(b"[DONE]"):
            self.tally.is_complete = True
            return False
        document = orjson.loads(data)
        text = _only_text(document)
        if text and self.tally.served_model:
            self.tally.output_bytes += byte_length(text)
            self.plain = text
            return False
        self.read_answer(document)
        return self._strips and not document.get("choices") and bool(document.get("usage"))

    def trimmed(self, events: bytes) -> bytes:
        """Without the `"usage": null` that answers a question of ours."""
        return _NO_USAGE.sub(b"", events) if b'"usage"' in events else events

    def read_answer(self, document: Any) -> None:
        """A completion or one chunk of it."""
        if document.get("error"):
            self.read_failure(document)
        self._read_origin(document)
        for choice in rows_of(document.get("choices")):
            self._read_choice(choice)

    def _read_origin(self, document: dict[str, Any]) -> None:
        tally = self.tally
        tally.name_answer(document.get("model"), document.get("id"))
        tally.service_tier = name_of(document.get("service_tier")) or tally.service_tier
        usage = document.get("usage") or table_of(document.get("x_groq")).get("usage")
        if usage:
            tally.usage = read_usage(usage) or tally.usage

    def _read_choice(self, choice: dict[str, Any]) -> None:
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict):
            self.tally.see_text(
                said.get("content"),
                said.get("reasoning_content") or said.get("reasoning"),
                said.get("refusal"),
                table_of(said.get("audio")).get("transcript"),
            )
            self._read_calls(said)
        self.tally.see_text(choice.get("text"))
        self._read_finish(choice)

    def _read_calls(self, said: dict[str, Any]) -> None:
        calls = [table_of(call.get("function")) for call in rows_of(said.get("tool_calls"))]
        for call in (*calls, table_of(said.get("function_call"))):
            self.tally.see_text(call.get("name"), call.get("arguments"))

    def _read_finish(self, choice: dict[str, Any]) -> None:
        """Some never send `[DONE]`: an answer is whole when all its choices are."""
        reason = choice.get("finish_reason")
        if reason:
            self.tally.finish(choice.get("index"), reason)
            if len(self.tally.finish_reasons) >= self.facts.choice_count:
                self.tally.is_complete = True


class OpenAIChat(OpenAIDialect):
    """`/v1/chat/completions`, and `/v1/completions` by another name."""

    def __init__(self, name: str = "openai_chat") -> None:
        self.name = name

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """Raises MalformedRequest when neither path nor body names a model."""
        text_bytes, image_count = measure_prompt(document.get(key) for key in PROMPT)
        options = table_of(document.get("stream_options"))
        return RequestFacts(
            model=model_of(endpoint, document),
            is_stream=document.get("stream") is True,
            max_output_tokens=limit_of(document, "max_completion_tokens", "max_tokens"),
            choice_count=limit_of(document, "n") or 1,
            end_user=name_of(document.get("safety_identifier")) or name_of(document.get("user")),
            wants_usage_chunk=options.get("include_usage") is True,
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            has_tools=bool(document.get("tools") or document.get("functions")),
            service_tier=name_of(document.get("service_tier")),
            content_type="application/json",
            document=document,
        )

    def prepare(
        self,
        body: bytes,
        facts: RequestFacts,
        *,
        model: str | None = None,
        needs_usage: bool = False,
    ) -> bytes:
        """Ask for a usage chunk when `needs_usage` and the client streams without asking."""
        body = super().prepare(body, facts, model=model, needs_usage=needs_usage)
        if not needs_usage or not facts.is_stream or facts.wants_usage_chunk:
            return body
        if "stream_options" not in facts.document:
            return add_member(body, "stream_options", _ASKED)
        return changed(body, "stream_options", _asking)

    def reader(
        self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool
    ) -> CompletionReader:
        """Strips the usage chunk that we asked for."""
        return CompletionReader(facts, strip_usage=strip_usage)


def _only_text(chunk: dict[str, Any]) -> str | None:
    """The text of a chunk that has nothing else to say."""
    choices = chunk.get("choices")
    if not choices or len(choices) > 1 or _TELLING & chunk.keys() or chunk.get("usage"):
        return None
    delta = choices[0].get("delta")
    if not delta or len(delta) > 1 or choices[0].get("finish_reason"):
        return None
    text = delta.get("content")
    return text if isinstance(text, str) else None


def _asking(options: bytes) -> bytes:
    """`stream_options` with usage asked for; what is no object stays for the provider to judge."""
    if options == b"null":
        return _ASKED
    if not options.startswith(b"{"):
        return options
    asking = replace_values(options, "include_usage", lambda _: b"true")
    return asking if asking != options else add_member(options, "include_usage", b"true")
