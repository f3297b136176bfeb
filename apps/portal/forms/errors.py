"""How an error of a service comes back into the form that caused it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.forms import BaseForm

from apps.kernel.errors import NetraError


@contextmanager
def shown_in(
    form: BaseForm, field: str | None = None, *, by_code: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Turn a NetraError of the block into an error of `field`, or of the form as a whole.

    by_code: the fields of errors that belong elsewhere, by their code. Faults of ours (status 500
    and up) pass through: typing something else cannot cure them.
    """
    try:
        yield
    except NetraError as error:
        if error.http_status >= 500:
            raise
        form.add_error((by_code or {}).get(error.code, field), error.detail)
