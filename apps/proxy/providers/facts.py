"""What is known of a call: where it goes, what was asked, what came back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from apps.kernel.errors import NetraError
from apps.kernel.tokens import TokenBuckets

Header = tuple[bytes, bytes]
# As ASGI gives them: names in lower case.
Headers = Sequence[Header]
# Whose API a path belongs to; decides which providers can serve it. "any" is carried verbatim.
Family = Literal["openai", "anthropic", "google", "cohere", "any"]
Kind = Literal[
    "generate", "embed", "rerank", "moderate", "image", "audio", "count", "manage", "realtime",
    "unknown",
]  # fmt: skip


class MalformedRequest(NetraError):
    """The body cannot be understood at all; what can be is left to the provider to judge."""

    code: ClassVar[str] = "malformed_request"
    http_status: ClassVar[int] = 400
    message: ClassVar[str] = "The body could not be read. Send one JSON object in UTF-8."

    def __init__(self, message: str | None = None, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of one family of APIs.

    `name` is what events record ("chat.completions", "messages", "passthrough"); `path` is what
    follows the family's root ("/chat/completions" for "openai", "/v1/messages" for "anthropic").
    `provider` is pinned by the path or None; `home` is whom a path of this family means otherwise.
    `model` is the one that the path names (Gemini, Azure's deployments).
    """

    name: str
    dialect: str
    family: Family
    kind: Kind
    path: str
    home: str
    model: str | None = None
    provider: str | None = None


@dataclass(slots=True)  # not frozen, which would take four times as long
class RequestFacts:
    """What a request asks for; missing where its dialect does not say.

    `max_output_tokens` is of one answer, `choice_count` how many are asked. `prompt_text_bytes` is
    the UTF-8 length of all text that goes into the prompt, without base64 of images, sound and
    files. `document` is the parsed JSON body, so that nothing parses it a second time; None for
    bodies that are not JSON.
    """

    model: str | None = None
    is_stream: bool = False
    max_output_tokens: int | None = None
    choice_count: int = 1
    end_user: str | None = None
    wants_usage_chunk: bool = False
    prompt_text_bytes: int = 0
    image_count: int = 0
    has_tools: bool = False
    service_tier: str | None = None
    content_type: str = ""
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(slots=True)  # not frozen, which would take four times as long
class Reading:
    """What an answer said.

    `usage` is None when the provider reported none. `units` counts what is not billed by token
    (images, seconds, characters, search_units, web_search_requests). `is_complete`: the answer's
    own end was seen. `output_bytes` is the UTF-8 length of the text, reasoning and tool arguments
    relayed, for estimates. `fault_count` counts what was relayed and could not be read.
    """

    usage: TokenBuckets | None = None
    units: dict[str, int] = field(default_factory=dict)
    served_model: str | None = None
    service_tier: str | None = None
    provider_request_id: str | None = None
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    is_complete: bool = False
    is_error: bool = False
    error_code: str | None = None
    output_bytes: int = 0
    fault_count: int = 0
