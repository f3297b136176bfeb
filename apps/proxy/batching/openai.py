"""OpenAI's Batch API: a file of lines in, up to two files out. Source: OpenAI, "Batch API"."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson

from apps.proxy.batching.batches import Job, Line, Progress, Result, call_id_of
from apps.proxy.batching.carriage import Carriage, CarriageFailed
from apps.proxy.providers.tally import table_of
from apps.proxy.retrying import RETRYABLE

_OVER = frozenset({"completed", "failed", "expired", "cancelled"})
_OUTCOMES = ("output_file_id", "error_file_id")
_MARK = "netra_batch"
_LISTED = 100


class OpenAIBatches:
    """See Batches."""

    def hand_in(self, carriage: Carriage, job: Job, lines: Sequence[Line]) -> str:
        """Upload the lines, then make the batch, which bears our id of it."""
        content = b"".join(_line(job, line) for line in lines)
        file = carriage.require(
            "POST",
            "/v1/files",
            files={"file": (f"netra-{job.id}.jsonl", content, "application/jsonl")},
            data={"purpose": "batch"},
        ).json()
        made = {
            "input_file_id": file["id"],
            "endpoint": f"/v1{job.path}",
            "completion_window": "24h",
            "metadata": {_MARK: str(job.id)},
        }
        return str(carriage.require("POST", "/v1/batches", json=made).json()["id"])

    def find(self, carriage: Carriage, job: Job, *, known: frozenset[str]) -> str | None:
        """By the id that it bears."""
        listed = carriage.require("GET", "/v1/batches", params={"limit": _LISTED}).json()["data"]
        found = (
            row["id"] for row in listed if table_of(row.get("metadata")).get(_MARK) == str(job.id)
        )
        return next(found, None)

    def look(self, carriage: Carriage, name: str) -> Progress:
        """Failed and expired ones have ended too."""
        document = carriage.require("GET", f"/v1/batches/{name}").json()
        return Progress(document.get("status") in _OVER, document)

    def results(self, carriage: Carriage, progress: Progress) -> Iterator[Result]:
        """Of both files, where they are there."""
        for file_id in _files(progress.document, _OUTCOMES):
            content = carriage.require("GET", f"/v1/files/{file_id}/content").content
            yield from filter(None, map(_result, filter(None, content.splitlines())))

    def cancel(self, carriage: Carriage, name: str) -> None:
        """What was begun is still finished, and charged."""
        carriage.require("POST", f"/v1/batches/{name}/cancel")

    def forget(self, carriage: Carriage, progress: Progress) -> None:
        """Prompts and answers lie in files that nobody else deletes."""
        for file_id in _files(progress.document, ("input_file_id", *_OUTCOMES)):
            with suppress(CarriageFailed):  # they are deleted by the provider in time
                carriage.require("DELETE", f"/v1/files/{file_id}")


def _line(job: Job, line: Line) -> bytes:
    head = orjson.dumps({"custom_id": line.call_id, "method": "POST", "url": f"/v1{job.path}"})
    return head[:-1] + b',"body":' + line.flat + b"}\n"


def _files(document: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    return (str(document[name]) for name in names if document.get(name))


def _result(line: bytes) -> Result | None:
    row = table_of(orjson.loads(line))
    call_id, response = call_id_of(row.get("custom_id")), table_of(row.get("response"))
    if call_id is None:
        return None
    status, body = response.get("status_code"), response.get("body")
    if not isinstance(status, int) or status in RETRYABLE or body is None:
        return Result(call_id, None, b"")
    return Result(call_id, status, orjson.dumps(body))
