"""OpenAI's embeddings and moderations: text in, vectors or verdicts out, never a stream."""

from typing import Any

import orjson

from apps.proxy.providers.facts import Endpoint, RequestFacts
from apps.proxy.providers.openai_errors import OpenAIDialect, OpenAIReader
from apps.proxy.providers.openai_usage import read_usage
from apps.proxy.providers.prompt_size import measure_prompt
from apps.proxy.providers.tally import name_of
from apps.proxy.providers.wire import model_of

# From this length on only what stands behind the vectors is parsed.
_LONG = 32 * 1024


class EmbeddingReader(OpenAIReader):
    """A list of vectors, of which only the frame matters."""

    def parse(self, body: bytes) -> Any:
        """Usage stands behind the list; a million floats are not parsed to find it."""
        if len(body) > _LONG:
            tail = body[body.rfind(b"]") + 1 :].lstrip(b" \t\r\n,")
            if tail.find(b'"usage"') >= 0:
                return orjson.loads(b"{" + tail)
        return orjson.loads(body)

    def read_answer(self, document: Any) -> None:
        """Usage and model."""
        if document.get("error"):
            self.read_failure(document)
        self.tally.name_answer(document.get("model"), document.get("id"))
        self.tally.usage = read_usage(document.get("usage"))


class Embeddings(OpenAIDialect):
    """`/v1/embeddings` and `/v1/moderations`."""

    name = "embeddings"

    def facts(self, endpoint: Endpoint, document: dict[str, Any]) -> RequestFacts:
        """Raises MalformedRequest when embeddings are asked of no model."""
        needs_model = endpoint.kind == "embed"
        text_bytes, image_count = measure_prompt([document.get("input")])
        return RequestFacts(
            model=model_of(endpoint, document) if needs_model else name_of(document.get("model")),
            end_user=name_of(document.get("user")),
            prompt_text_bytes=text_bytes,
            image_count=image_count,
            content_type="application/json",
            document=document,
        )

    def reader(
        self, endpoint: Endpoint, facts: RequestFacts, *, strip_usage: bool
    ) -> EmbeddingReader:
        """There is nothing to strip."""
        return EmbeddingReader(facts)
