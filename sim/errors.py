"""Errors before they have the shape of a dialect."""


class WireError(Exception):
    """An answer with an HTTP status of 400 or more. `code` is OpenAI's, where it has one."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param or None


def bad_request(message: str, param: str = "") -> WireError:
    """The request is malformed: 400."""
    return WireError(400, message, param=param)


def unknown_model(name: str) -> WireError:
    """No provider here has that model: 404."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return WireError(404, message, "model_not_found")


def not_found(what: str, name: str) -> WireError:
    """There is no such object: 404."""
    return WireError(404, f"No such {what}: {name}")
