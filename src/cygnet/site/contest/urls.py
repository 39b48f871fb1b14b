"""The addresses of the contest."""

from django.urls import path

from cygnet.site.contest import views

PREFIX = "challenge/"
app_name = "contest"
urlpatterns = [path("", views.overview, name="overview")]
