"""The addresses of updates."""

from django.conf import settings
from django.urls import path

from cygnet.site.updates import views, webhooks

PREFIX = "updates/"
app_name = "updates"
urlpatterns = [
    path("", views.page, name="page"),
    path("asked/", views.asked, name="asked"),
    path("confirm/<str:token>/", views.confirm, name="confirm"),
    path("unsubscribe/<str:token>/", views.unsubscribe, name="unsubscribe"),
    path("mine/<str:token>/", views.mine, name="mine"),
]
if settings.UPDATES_BOUNCES_BY is not None:
    urlpatterns.append(path("bounces/", webhooks.view(settings.UPDATES_BOUNCES_BY), name="bounces"))
