"""The root of every error that may reach a user."""

from typing import ClassVar


class NetraError(Exception):
    """An error with a stable code and an HTTP status, whose message says what to do next.

    Subclasses stand beside the code that raises them and set `code` and `http_status`.
    """

    code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500
    message: ClassVar[str] = "Something went wrong on our side. Try again in a minute."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)

    @property
    def detail(self) -> str:
        """The sentence shown to the user."""
        return str(self.args[0])
