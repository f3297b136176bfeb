"""How much prompt a request carries, without counting tokens."""

from collections.abc import Iterable
from typing import Any

from apps.proxy.providers.tally import byte_length

# Members whose text is data or an address and no part of the prompt's text: base64 of images, sound
# and files, signatures of earlier reasoning.
_DATA = frozenset(
    {
        "data", "url", "uri", "image_url", "file_data", "file_url", "fileUri", "file_uri",
        "signature", "thoughtSignature", "thought_signature", "encrypted_content", "b64_json",
        "mimeType", "mime_type", "media_type",
    }
)  # fmt: skip
_TOKEN_BYTES = 4
_DEEP = (dict, list)
_IMAGE_MEMBERS = frozenset({"type", "inlineData", "inline_data", "fileData"})
_IMAGE_TYPES = frozenset({"image", "image_url", "input_image", "image_file"})


def measure_prompt(roots: Iterable[Any]) -> tuple[int, int]:
    """UTF-8 bytes of all text below `roots`, and the number of images. Costs one walk."""
    text_bytes = image_count = 0
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        kind = type(node)  # a parsed body has no other types than these
        if kind is str:
            text_bytes += len(node) if node.isascii() else byte_length(node)
        elif kind is dict:
            image_count += not _IMAGE_MEMBERS.isdisjoint(node) and _is_image(node)
            text_bytes += _members(node, waiting)
        elif kind is list:
            waiting += node
        elif kind is int:
            text_bytes += _TOKEN_BYTES  # a prompt may be given as ids of tokens
    return text_bytes, image_count


def _members(node: dict[str, Any], waiting: list[Any]) -> int:
    """The bytes of the texts right in `node`; what else it has is put with what waits."""
    text_bytes = 0
    for key, value in node.items():
        if type(value) is not str:
            if key not in _DATA or type(value) in _DEEP:
                waiting.append(value)
        elif key not in _DATA:
            text_bytes += len(value) if value.isascii() else byte_length(value)
    return text_bytes


def _is_image(node: dict[str, Any]) -> bool:
    named = node.get("type")
    if isinstance(named, str) and named in _IMAGE_TYPES:
        return True
    part = node.get("inlineData") or node.get("inline_data") or node.get("fileData")
    kind = (part.get("mimeType") or part.get("mime_type")) if isinstance(part, dict) else None
    return isinstance(kind, str) and kind.startswith("image/")
