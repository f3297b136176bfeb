"""What happened to which row, by whom: one read-only list for each audited model."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from pghistory.models import Event

from apps.tenants.admin.base import ReadOnlyAdmin
from apps.tenants.admin.site import staff_site


class EventAdmin(ReadOnlyAdmin):
    """Newest first, by the key that Postgres counts up, so that a long history stays quick."""

    list_display = ("pgh_created_at", "pgh_label", "row", "who", "where")
    list_select_related = ("pgh_context",)
    list_filter = ("pgh_label",)
    ordering = ("-pgh_id",)

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
