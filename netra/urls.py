"""Every path of the web process."""

from django.urls import include, path

from apps.tenants.admin import staff_site
from netra.operations.views import PROBES

urlpatterns = [
    *(path(name.lstrip("/"), view, name=view.__name__) for name, view in PROBES.items()),
    path("staff/", staff_site.urls),
    path("accounts/", include("allauth.urls")),
    path("api/v1/", include("apps.api.urls")),
    path("", include("apps.portal.urls")),
]

handler400 = "apps.portal.views.errors.bad_request"
handler403 = "apps.portal.views.errors.permission_denied"
handler404 = "apps.portal.views.errors.page_not_found"
handler500 = "apps.portal.views.errors.server_error"
