"""Anthropic's Message Batches API. Source: Anthropic, "Batch processing"."""

from collections.abc import Iterator, Sequence

import orjson

from apps.proxy.batching.batches import Job, Line, Progress, Result, call_id_of
from apps.proxy.batching.carriage import Carriage
from apps.proxy.providers.tally import table_of

_PATH = "/v1/messages/batches"
_LISTED = 100
# Whoever asks again gets the same answer; all other errors are the provider's own.
_FINAL = {"invalid_request_error": 400, "permission_error": 403, "not_found_error": 404,
          "request_too_large": 413}  # fmt: skip
_VERSION = {"anthropic-version": "2023-06-01"}


class AnthropicBatches:
    """See Batches."""

    def hand_in(self, carriage: Carriage, job: Job, lines: Sequence[Line]) -> str:
        """All requests in one body."""
        content = b'{"requests":[' + b",".join(map(_request, lines)) + b"]}"
        headers = _VERSION | {"content-type": "application/json"} | dict(job.headers)
        made = carriage.require("POST", _PATH, content=content, headers=headers)
        return str(made.json()["id"])

    def find(self, carriage: Carriage, job: Job, *, known: frozenset[str]) -> str | None:
        """The newest one of as many requests that is nobody's: batches bear no marks. Should it be
        another's, none of its results is of ours, and our calls are asked by themselves.
        """
        listed = carriage.require("GET", _PATH, params={"limit": _LISTED}, headers=_VERSION).json()
        for row in listed["data"]:
            counts = table_of(row.get("request_counts"))
            if row["id"] not in known and sum(counts.values()) == job.line_count:
                return str(row["id"])
        return None

    def look(self, carriage: Carriage, name: str) -> Progress:
        """Expired and cancelled ones have ended too."""
        document = carriage.require("GET", f"{_PATH}/{name}", headers=_VERSION).json()
        return Progress(document.get("processing_status") == "ended", document)

    def results(self, carriage: Carriage, progress: Progress) -> Iterator[Result]:
        """One line each."""
        path = f"{_PATH}/{progress.document['id']}/results"
        content = carriage.require("GET", path, headers=_VERSION).content
        yield from filter(None, map(_result, filter(None, content.splitlines())))

    def cancel(self, carriage: Carriage, name: str) -> None:
        """What was begun is still finished, and charged."""
        carriage.require("POST", f"{_PATH}/{name}/cancel", headers=_VERSION)

    def forget(self, carriage: Carriage, progress: Progress) -> None:
        """Results and requests."""
        carriage.send("DELETE", f"{_PATH}/{progress.document['id']}", headers=_VERSION)


def _request(line: Line) -> bytes:
    return b'{"custom_id":' + orjson.dumps(line.call_id) + b',"params":' + line.flat + b"}"


def _result(line: bytes) -> Result | None:
    row = table_of(orjson.loads(line))
    call_id, result = call_id_of(row.get("custom_id")), table_of(row.get("result"))
    if call_id is None:
        return None
    if result.get("type") == "succeeded":
        return Result(call_id, 200, orjson.dumps(result.get("message")))
    error = table_of(result.get("error"))
    status = _FINAL.get(str(table_of(error.get("error")).get("type")))
    return Result(call_id, status, orjson.dumps(error) if status else b"")
