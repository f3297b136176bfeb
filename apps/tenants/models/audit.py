"""Audit by Postgres triggers, so that bulk updates and raw SQL are caught as well.

Only public tables are audited this way: tenant schemas stay free of triggers (Citus).
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import pghistory
from django.db.models import Model

AnyModel = TypeVar("AnyModel", bound=type[Model])


def audited(*, exclude: Sequence[str] = ()) -> Callable[[AnyModel], AnyModel]:
    """Record each insert, update and delete of the model, without the fields in `exclude`."""
    track: Callable[[AnyModel], AnyModel] = pghistory.track(
        pghistory.InsertEvent(),
        pghistory.UpdateEvent(),
        pghistory.DeleteEvent(),
        exclude=list(exclude),
        append_only=True,
    )
    return track


def audited_links(through: AnyModel) -> AnyModel:
    """Record each row that a many-to-many field adds or removes.

    through: a proxy of the table that Django makes for the field.
    """
    track: Callable[[AnyModel], AnyModel] = pghistory.track(
        pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None, append_only=True
    )
    return track(through)
