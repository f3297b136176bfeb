"""What the caller says about a call: end user, tags, conversation, deadline."""

from apps.kernel.errors import NetraError
from apps.optimization.deadlines.stated import stated
from apps.proxy.exchange import Exchange

_LONGEST = 256
_MOST_TAGS = 20


class InvalidLabels(NetraError):
    code = "invalid_netra_header"
    http_status = 400


def read_labels(exchange: Exchange) -> None:
    """Fill in the caller's labels from Netra-End-User, Netra-Tags and Netra-Conversation, and
    `due_at` from Netra-Deadline.

    Netra-Tags is `name=value,name=value`, at most 20 of at most 256 characters. Raises
    InvalidLabels, InvalidDeadline.
    """
    caller = exchange.caller
    if (tags := exchange.header(b"netra-tags")) is not None:
        caller.tags = _tags(tags)
    if (end_user := exchange.header(b"netra-end-user")) is not None:
        caller.end_user = _short("Netra-End-User", end_user)
    if (conversation := exchange.header(b"netra-conversation")) is not None:
        caller.conversation_id = _short("Netra-Conversation", conversation)
    if (deadline := exchange.header(b"netra-deadline")) is not None:
        exchange.due_at = stated(deadline, at=exchange.started_at)


def _tags(text: str) -> dict[str, str]:
    pairs = [item.partition("=") for item in text.split(",") if item.strip()]
    tags = {name.strip(): value.strip() for name, _, value in pairs}
    if len(tags) > _MOST_TAGS or any(_is_bad(*pair) for pair in tags.items()):
        raise InvalidLabels(
            f"Netra-Tags takes at most {_MOST_TAGS} pairs name=value, parted by commas, each "
            f"part at most {_LONGEST} characters."
        )
    return tags


def _is_bad(name: str, value: str) -> bool:
    return not name or not value or max(len(name), len(value)) > _LONGEST


def _short(header: str, value: str) -> str:
    text = value.strip()
    if not 0 < len(text) <= _LONGEST:
        raise InvalidLabels(f"{header} takes 1 to {_LONGEST} characters.")
    return text
