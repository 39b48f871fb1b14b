"""The addresses of the dataset page and of its files."""

from django.urls import path

from cygnet.site.dataset import views

PREFIX = ""
app_name = "dataset"
urlpatterns = [
    path("", views.page, name="page"),
    path("download/", views.download, name="download"),
    path("metadata/<str:name>", views.document, name="document"),
    path("pictures/<str:image_name>.jpg", views.example, name="picture"),
    path("files/<path:path>", views.file, name="file"),
]
