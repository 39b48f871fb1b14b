"""The app of the contest."""

from django.apps import AppConfig


class ContestConfig(AppConfig):
    """Teams, submissions, the board."""

    name = "cygnet.site.contest"
    label = "contest"
    verbose_name = "Contest"
    navigation = (("Challenge", "contest:overview"),)
