"""Which address leads where? Every app brings its own; the first page is the dataset's."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from cygnet.site import faults, health, metrics, plugged
from cygnet.site.api import api

handler400 = faults.bad_request
handler403 = faults.permission_denied
handler404 = faults.page_not_found
handler500 = faults.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/", include("allauth.urls")),
    path("organisers/", admin.site.urls),
    path("api/v1/", api.urls),
]
urlpatterns.extend(path(app.PREFIX, include(app)) for app in plugged.parts("urls"))

# Without the dataset page the contest is what there is.
urlpatterns.append(path("", RedirectView.as_view(pattern_name="contest:overview")))
