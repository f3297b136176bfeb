"""How an error of a service comes back into the form that caused it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.forms import BaseForm

from apps.kernel.errors import NetraError


@contextmanager
def shown_in(form: BaseForm, field: str | None = None) -> Iterator[None]:
    """Turn a NetraError of the block into an error of `field`, or of the form as a whole.

    Faults of ours (status 500 and up) pass through: typing something else cannot cure them.
    """
    try:
        yield
    except NetraError as error:
        if error.http_status >= 500:
            raise
        form.add_error(field, error.detail)
