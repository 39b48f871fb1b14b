"""The app of the dataset page."""

from django.apps import AppConfig


class DatasetConfig(AppConfig):
    """The dataset page and its downloads."""

    name = "cygnet.site.dataset"
    label = "dataset"
    verbose_name = "Dataset"
    navigation = (("Dataset", "dataset:page"),)
