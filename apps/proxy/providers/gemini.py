"""Google's Gemini, native. Source: the types of python-genai 3.4."""

from collections.abc import Iterable
from typing import Any

import orjson

from apps.kernel.tokens import TokenBuckets
from apps.proxy.providers.dialect import SSE, Watcher, json_error
from apps.proxy.providers.facts import Endpoint, Header, RequestFacts
from apps.proxy.providers.json_array import JsonArrayWatcher
from apps.proxy.providers.json_splice import replace_values
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import count, name_of, rows_of, shares, table_of
from apps.proxy.providers.wire import JsonDialect, Reader, limit_of

PROMPT = (
    "contents", "content", "systemInstruction", "system_instruction", "tools", "requests",
    "generateContentRequest",
)  # fmt: skip
_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class GeminiReader(Reader):
    """An answer or a piece of one: both have the same shape."""

    def __init__(self, facts: RequestFacts) -> None:
        super().__init__(facts)
        self._usage: dict[str, Any] = {}

    def read_answer(self, document: Any) -> None:
        """Counts are cumulative, so the last ones stand."""
        if isinstance(document, list):
            for piece in rows_of(document):
                self.read_answer(piece)
            return
        if document.get("error"):
            self.read_failure(document)
        self.tally.name_answer(document.get("modelVersion"), document.get("responseId"))
        self._usage = table_of(document.get("usageMetadata")) or self._usage
        for index, candidate in enumerate(rows_of(document.get("candidates"))):
            self._read_candidate(index, candidate)
        self._read_block(table_of(document.get("promptFeedback")).get("blockReason"))

    def conclude(self) -> None:
        """Buckets of the counts that were given last."""
        if self._usage:
            self.tally.usage = read_usage(self._usage)

    def read_failure(self, document: Any) -> None:
        """`{"error": {code, message, status}}`, in a list where a stream was asked for."""
        found = document[0] if isinstance(document, list) and document else document
        error = table_of(table_of(found).get("error"))
        self.tally.fail(error.get("status") or error.get("code"))

    def _read_candidate(self, index: int, candidate: dict[str, Any]) -> None:
        for part in rows_of(table_of(candidate.get("content")).get("parts")):
            self.tally.see_text(part.get("text"))
            if part.get("functionCall"):
                self.tally.output_bytes += len(orjson.dumps(part["functionCall"]))
        self.tally.finish(candidate.get("index", index), candidate.get("finishReason"))
        if len(self.tally.finish_reasons) >= self.facts.choice_count:
            self.tally.is_complete = True

    def _read_block(self, reason: Any) -> None:
        """A refused prompt has no candidates: that is its end."""
        if reason:
            self.tally.finish(0, reason)
            self.tally.is_complete = True

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`data: {"error": …}`."""
        return _error_event(code, message)


class Gemini(JsonDialect):
    """`models/…:generateContent` and its kin."""

    name = "gemini"

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """The model and whether it streams stand in the path."""
        text_bytes, image_count = measure_prompt(document.get(key) for key in PROMPT)
        config = _config(document)
        return RequestFacts(
            model=endpoint.model,
            is_stream=endpoint.name == "streamGenerateContent",
            max_output_tokens=limit_of(config, "maxOutputTokens", "max_output_tokens"),
            choice_count=limit_of(config, "candidateCount", "candidate_count") or 1,
            end_user=name_of(table_of(document.get("labels")).get("user")),
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            has_tools=bool(document.get("tools")),
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
        """The model's place is the path; a body that repeats it must agree."""
        repeated = table_of(facts.document).get("model")
        if model is None or not isinstance(repeated, str):
            return body
        prefix = repeated.rpartition("/")[0]
        name = orjson.dumps(f"{prefix}/{model}" if prefix else model)
        return replace_values(body, "model", lambda _: name)

    def reader(self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool) -> GeminiReader:
        """Usage comes unasked, so nothing is stripped."""
        return GeminiReader(facts)

    def watcher(
        self,
        endpoint: Endpoint,
        facts: RequestFacts,
        content_type: str,
        *,
        strip_usage: bool = False,
    ) -> Watcher:
        """Without `alt=sse` a stream is one long JSON array."""
        if facts.is_stream and not content_type.startswith(SSE):
            reader = self.reader(endpoint, facts, strip_usage=False)
            return JsonArrayWatcher(reader, lambda code, text: _error(502, code, text))
        return super().watcher(endpoint, facts, content_type)

    def error(
        self, status: int, code: str, message: str, *, request_id: str, param: str | None = None
    ) -> tuple[list[Header], bytes]:
        """`{"error": {code, message, status, details}}`."""
        header = (b"x-request-id", request_id.encode("latin-1", "replace"))
        return json_error(_error(status, code, message), code, header)

    def error_event(self, code: str, message: str, *, request_id: str) -> bytes:
        """`data: {"error": …}`."""
        return _error_event(code, message)


def read_usage(usage: dict[str, Any]) -> TokenBuckets:
    """Buckets of a `usageMetadata`.

    The prompt's count includes cached content, not what tools gave back; thoughts stand beside the
    candidates. The cached part's own modalities are taken out of the prompt's.
    """
    prompt, cached = (_modalities(usage, f"{name}TokensDetails") for name in ("prompt", "cache"))
    rest, read, audio, image = shares(
        count(usage.get("promptTokenCount")),
        count(usage.get("cachedContentTokenCount")),
        prompt["AUDIO"] - cached["AUDIO"],
        prompt["IMAGE"] - cached["IMAGE"],
    )
    said = _modalities(usage, "candidatesTokensDetails", "responseTokensDetails")
    output, spoken, drawn = shares(
        count(usage.get("candidatesTokenCount") or usage.get("responseTokenCount")),
        said["AUDIO"],
        said["IMAGE"],
    )
    return TokenBuckets(
        input_uncached=rest + count(usage.get("toolUsePromptTokenCount")),
        cache_read=read,
        output=output,
        reasoning=count(usage.get("thoughtsTokenCount")),
        input_audio=audio,
        output_audio=spoken,
        input_image=image,
        output_image=drawn,
    )


def _modalities(usage: dict[str, Any], *names: str) -> dict[str, int]:
    rows: Iterable[dict[str, Any]] = (row for name in names for row in rows_of(usage.get(name)))
    found = {"AUDIO": 0, "IMAGE": 0}
    for row in rows:
        if row.get("modality") in found:
            found[row["modality"]] += count(row.get("tokenCount"))
    return found


def _config(document: dict[str, Any]) -> dict[str, Any]:
    return table_of(document.get("generationConfig") or document.get("generation_config"))


def _error(status: int, code: str, message: str) -> dict[str, Any]:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": code.upper(),
        "domain": "netra",
    }
    named = _STATUSES.get(status) or ("INTERNAL" if status >= 500 else "FAILED_PRECONDITION")
    return {"error": {"code": status, "message": message, "status": named, "details": [info]}}


def _error_event(code: str, message: str) -> bytes:
    return b"data: " + orjson.dumps(_error(502, code, message)) + b"\n\n"
