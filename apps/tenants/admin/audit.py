"""What happened to which row, by whom: one read-only list for each audited model."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from pghistory.models import Event

from apps.tenants.admin.base import ReadOnlyAdmin
from apps.tenants.admin.site import staff_site


class EventAdmin(ReadOnlyAdmin):
    """Newest first, by the key that Postgres counts up, so that a long history stays quick."""

    list_display = ("pgh_created_at", "pgh_label", "row", "who", "where")
    list_select_related = ("pgh_context",)
    list_filter = ("pgh_label",)
    ordering = ("-pgh_id",)
    search_fields = ("pgh_id",)  # what shows the field; get_search_results reads it
    search_help_text = "The key of a row or of an organization, whole."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What happened to that row, or in that organization."""
        if not search_term:
            return queryset, False
        return queryset.filter(_about(queryset.model, search_term.strip())), False

    @admin.display(description="Row")
    def row(self, event: Any) -> str:
        """The key of the row; for a link between two rows, both of their keys."""
        if hasattr(event, "pgh_obj_id"):
            return str(event.pgh_obj_id)
        ends = [field for field in event._meta.fields if field.is_relation]
        return " – ".join(
            str(getattr(event, end.attname)) for end in ends if not end.name.startswith("pgh_")
        )

    @admin.display(description="User")
    def who(self, event: Any) -> str:
        return str(self._context(event).get("user") or "")

    @admin.display(description="Page")
    def where(self, event: Any) -> str:
        return str(self._context(event).get("url", ""))

    def _context(self, event: Any) -> dict[str, Any]:
        return event.pgh_context.metadata if event.pgh_context else {}

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        return ("who", "where")


def _about(model: type[Any], key: str) -> Q:
    """Events whose row has the key, or is of the organization that has it."""
    found = Q(pk__in=())
    for name in ("pgh_obj", "organization"):
        ends = [field for field in model._meta.fields if field.name == name]
        for field in ends:
            try:
                found |= Q(**{name: field.target_field.to_python(key)})
            except ValidationError:
                continue
    return found


def audited_events(app: str = "tenants") -> list[type[Event]]:
    """The event model of each audited model of the app, by name."""
    models = apps.get_app_config(app).get_models()
    return sorted((m for m in models if issubclass(m, Event)), key=lambda m: m.__name__)


for model in audited_events():
    staff_site.register(model, EventAdmin)


@admin.register(LogEntry, site=staff_site)
class LogEntryAdmin(ReadOnlyAdmin):
    """What staff did on these pages."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag")
    list_select_related = ("user", "content_type")
    ordering = ("-id",)
