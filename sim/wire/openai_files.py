"""OpenAI's files: kept in memory for the key that uploaded them."""

from dataclasses import dataclass
from typing import Any

from sim.calls import Call
from sim.draws import base62_id, made_at
from sim.errors import bad_request
from sim.replies import Reply, json_reply
from sim.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class File:
    """What was uploaded or made; its seed gives it its id."""

    seed: bytes
    content: bytes
    filename: str
    purpose: str

    @property
    def identity(self) -> str:
        return f"file-{base62_id(self.seed, 'file')}"

    def as_json(self) -> Json:
        """OpenAI's file object."""
        return {
            "id": self.identity,
            "object": "file",
            "bytes": len(self.content),
            "created_at": made_at(self.seed),
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "expires_at": None,
        }


def upload(call: Call, world: World) -> Reply:
    """POST /v1/files."""
    if "file" not in call.form or "purpose" not in call.form:
        raise bad_request("Missing required parameter: 'file' or 'purpose'.")
    part = call.form["file"]
    file = File(call.seed, part.content, part.filename, call.form["purpose"].text)
    world.files.put(call.api_key, file.identity, file)
    return json_reply(file.as_json())


def list_all(call: Call, world: World) -> Reply:
    """GET /v1/files, in one page."""
    wanted = call.query.get("purpose")
    files = [f for f in world.files.all(call.api_key) if wanted in {None, f.purpose}]
    return json_reply(page([file.as_json() for file in files]))


def page(items: list[Json]) -> Json:
    """OpenAI's list with everything in it."""
    ends = (items[0]["id"], items[-1]["id"]) if items else (None, None)
    first, last = ends
    return {"object": "list", "data": items, "first_id": first, "last_id": last, "has_more": False}


def retrieve(call: Call, world: World) -> Reply:
    """GET /v1/files/{id}."""
    return json_reply(_file(call, world).as_json())


def content(call: Call, world: World) -> Reply:
    """GET /v1/files/{id}/content."""
    return Reply([_file(call, world).content], content_type="application/octet-stream")


def delete(call: Call, world: World) -> Reply:
    """DELETE /v1/files/{id}."""
    world.files.remove(call.api_key, call.parts["id"])
    return json_reply({"id": call.parts["id"], "object": "file", "deleted": True})


def _file(call: Call, world: World) -> File:
    file: File = world.files.get(call.api_key, call.parts["id"])
    return file
