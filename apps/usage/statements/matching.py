"""Whether two names mean one model: providers' files name models otherwise than their APIs."""

import re

_SNAPSHOT = re.compile(r"[-@](\d{4}-\d{2}-\d{2}|\d{8})$")
_BETWEEN = re.compile(r"[^a-z0-9]+")


def comparable(model: str) -> str:
    """Equal for names of one model.

    "Claude Sonnet 3.5" (a console), "claude-3-5-sonnet-20241022" (an API): the words in one order,
    without the date of a snapshot and without a path before the name.
    """
    name = _SNAPSHOT.sub("", model.strip().lower().rpartition("/")[2])
    return " ".join(sorted(filter(None, _BETWEEN.split(name))))
