"""A kept answer in the place of a provider's."""

from apps.proxy.transport import EVENT_STREAM, Upstream

_JSON = "application/json"


class Kept(Upstream):
    """What stages ask of an answer whose head has arrived; there is no connection behind it."""

    __slots__ = ("_type",)

    def __init__(self, *, is_stream: bool) -> None:
        self.status = 200
        self._type = EVENT_STREAM if is_stream else _JSON
        self.headers = ((b"content-type", self._type.encode()),)

    @property
    def content_type(self) -> str:
        """The media type."""
        return self._type

    def header(self, name: str) -> str | None:
        """It has but its type."""
        return self._type if name.lower() == "content-type" else None

    def release(self) -> None:
        """There is nothing to give back."""

    def abort(self) -> None:
        """There is nobody to tell."""
