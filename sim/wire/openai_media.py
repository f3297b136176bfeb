"""OpenAI's images and audio."""

import base64
import struct
import zlib
from typing import Any

from sim.calls import Call
from sim.draws import Draw, hex_id, made_at
from sim.errors import bad_request
from sim.models import check_model
from sim.replies import Reply, json_reply
from sim.tokens import count, truncated
from sim.words import prose
from sim.world import World

Json = dict[str, Any]
_IMAGE_OUTPUT_TOKENS, _MOST_IMAGES = 1056, 10
_SPEECH_BYTES_OF_TOKEN = 1200
_SOUND_BYTES_OF_SECOND = 16_000
_SPEECH_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}


def images(call: Call, world: World) -> Reply:
    """POST /v1/images/generations: a PNG of one pixel, whose colour follows from the prompt."""
    model = check_model(call.dialect, call.model or call.json.get("model") or "dall-e-2")
    prompt, number = call.required("prompt", str), int(call.json.get("n") or 1)
    if not 1 <= number <= _MOST_IMAGES:
        raise bad_request(f"Invalid 'n': 1 to {_MOST_IMAGES} is expected.", param="n")
    is_link = model.startswith("dall-e") and call.json.get("response_format") != "b64_json"
    data = [_image(call.seed, n, is_link=is_link) for n in range(number)]
    reply: Json = {"created": made_at(call.seed), "data": data}
    if model.startswith("gpt-image"):
        reply["usage"] = _image_usage(count(prompt), number * _IMAGE_OUTPUT_TOKENS)
    return json_reply(reply)


def _image_usage(read: int, made: int) -> Json:
    return {
        "input_tokens": read,
        "input_tokens_details": {"text_tokens": read, "image_tokens": 0},
        "output_tokens": made,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": made},
        "total_tokens": read + made,
    }


def _image(seed: bytes, number: int, *, is_link: bool) -> Json:
    if is_link:
        return {"url": f"https://images.invalid/{hex_id(seed, f'image {number}')}.png"}
    colour = bytes(Draw(seed, f"image {number}").below(256) for _ in range(3))
    return {"b64_json": base64.b64encode(_pixel(colour)).decode()}


def _pixel(colour: bytes) -> bytes:
    """A PNG of one pixel. Source: PNG specification, 3rd edition, §5."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" + colour)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(*chunk) for chunk in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def speech(call: Call, world: World) -> Reply:
    """POST /v1/audio/speech: binary bytes in several chunks; nobody could listen to them."""
    check_model(call.dialect, call.model or call.json.get("model"))
    text = call.required("input", str)
    kind = str(call.json.get("response_format") or "mp3")
    if kind not in _SPEECH_TYPES:
        raise bad_request(f"Invalid value: '{kind}'.", param="response_format")
    block = bytes(Draw(call.seed, "speech").below(256) for _ in range(_SPEECH_BYTES_OF_TOKEN))
    chunks = [block] * max(1, count(text))
    return Reply(chunks, content_type=_SPEECH_TYPES[kind], is_stream=True)


def transcriptions(call: Call, world: World) -> Reply:
    """POST /v1/audio/transcriptions and translations, of a sound in a multipart body."""
    if "file" not in call.form or "model" not in call.form:
        raise bad_request("Missing required parameter: 'file' or 'model'.")
    model = check_model(call.dialect, call.model or call.form["model"].text)
    sound = call.form["file"].content
    said = truncated(prose(Draw(call.seed, "answer")), 40)
    form = call.form["response_format"].text if "response_format" in call.form else "json"
    if form in {"text", "srt", "vtt"}:
        return Reply([_captions(said, form).encode()], content_type="text/plain; charset=utf-8")
    seconds = -(-len(sound) // _SOUND_BYTES_OF_SECOND)
    reply: Json = {"text": said, "usage": _sound_usage(model, seconds, count(said))}
    if form == "verbose_json":
        reply |= {"task": "transcribe", "language": "english", "duration": float(seconds)}
    return json_reply(reply)


def _captions(said: str, form: str) -> str:
    if form == "text":
        return f"{said}\n"
    if form == "srt":
        return f"1\n00:00:00,000 --> 00:00:01,000\n{said}\n\n"
    return f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{said}\n\n"


def _sound_usage(model: str, seconds: int, said: int) -> Json:
    """Whisper is charged by the second; its successors by tokens, of which a second has ten."""
    if model.startswith("whisper"):
        return {"type": "duration", "seconds": seconds}
    read = seconds * 10
    return {
        "type": "tokens",
        "input_tokens": read,
        "input_token_details": {"text_tokens": 0, "audio_tokens": read},
        "output_tokens": said,
        "total_tokens": read + said,
    }
