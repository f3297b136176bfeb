"""The admin site of our support staff; each module registers its rows with `staff_site`."""

from apps.tenants.admin import audit, keys, offers, organizations, people, schedules
from apps.tenants.admin.site import staff_site

__all__ = ["audit", "keys", "offers", "organizations", "people", "schedules", "staff_site"]
