"""The app of accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, by email address."""

    name = "cygnet.site.accounts"
    label = "accounts"
    verbose_name = "Accounts"
