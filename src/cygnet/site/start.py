"""How is Django woken for a contest folder? Once a process: its settings are of one folder."""

import os
from pathlib import Path

from cygnet.errors import InputError, MissingExtraError
from cygnet.site.folder import ContestFolder, open_folder

FOLDER = "CYGNET_CONTEST"
URL = "CYGNET_URL"
PROXY = "CYGNET_BEHIND_PROXY"
SETTINGS = "cygnet.site.settings"


def open_site(path: Path, *, url: str = "", behind_proxy: str = "") -> ContestFolder:
    """Set Django up for the contest folder ``path`` and give the folder.

    Raises :class:`InputError` where the folder or its settings do not fit, and
    :class:`MissingExtraError` where the packages of the site are not installed.
    """
    folder = open_folder(path)
    os.environ[FOLDER] = str(folder.path)
    os.environ[URL] = url
    os.environ[PROXY] = behind_proxy
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    try:
        import django
        from django.apps import apps
        from django.conf import settings
    except ImportError as error:
        raise MissingExtraError.of(
            "The packages of the site are not installed.", 'Run: pip install "cygnet[site]"'
        ) from error
    django.setup()
    if not apps.ready or settings.CONTEST.path != folder.path:
        raise InputError.of(
            "This process already serves another contest.", "Start a process of its own."
        )
    return folder
