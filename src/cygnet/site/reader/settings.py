"""How is Django set for the reader? No database, no account, no file: uploads stay in memory.

Django spools a body, and then each file of it, to a temporary file once it is large. Both limits
are set above any body that the door lets in, and the only upload handler is the one in memory.
"""

from typing import Any

from cygnet.site.reader.state import MOST_BODY_BYTES

_ABOVE_ALL_BYTES = 4 * MOST_BODY_BYTES
MOST_FILES = 2000


def reader_settings() -> dict[str, Any]:
    """Give the settings; nothing of them is secret, as nothing is signed."""
    return {
        "ALLOWED_HOSTS": ["*"],  # the door judges names, before Django does anything
        "APPEND_SLASH": False,
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        "DATABASES": {},
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 1000,
        "DATA_UPLOAD_MAX_NUMBER_FILES": MOST_FILES,
        "DEBUG": False,
        "DEFAULT_CHARSET": "utf-8",
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        "FILE_UPLOAD_MAX_MEMORY_SIZE": _ABOVE_ALL_BYTES,
        "INSTALLED_APPS": [],
        "LOGGING_CONFIG": None,
        "MIDDLEWARE": [],
        "ROOT_URLCONF": "cygnet.site.reader.routes",
        "SECRET_KEY": "nothing is signed",
        "TEMPLATES": [],
        "USE_I18N": False,
        "USE_TZ": True,
    }


def set_up() -> None:
    """Set Django up for this process, once.

    Raises :class:`RuntimeError` where it was set up for another site.
    """
    import django
    from django.conf import settings

    if settings.configured:
        if settings.ROOT_URLCONF != "cygnet.site.reader.routes":
            raise RuntimeError("Django is set up for another site in this process.")
        return
    settings.configure(**reader_settings())
    django.setup()
