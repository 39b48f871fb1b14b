"""Which apps make up the site, and what does each bring? An app is a package beside this file.

An app that is not there is left out. What an app may bring is in ``docs/reference/site.md``.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from cygnet.site.folder import ContestFolder

# In the order of their addresses: the dataset page owns the root.
APPS = ("accounts", "contest", "updates", "dataset")


def installed() -> tuple[str, ...]:
    """Give the dotted names of the apps that are there."""
    names = (f"cygnet.site.{app}" for app in APPS)
    return tuple(name for name in names if find_spec(name) and find_spec(f"{name}.apps"))


def parts(name: str) -> Iterator[ModuleType]:
    """Give the module ``name`` of every app that has one."""
    for app in installed():
        if find_spec(f"{app}.{name}") is not None:
            yield import_module(f"{app}.{name}")


def app_settings(folder: ContestFolder) -> Mapping[str, Any]:
    """Collect what the apps add to Django's settings: their ``settings.django_settings``."""
    made: dict[str, Any] = {}
    for module in parts("settings"):
        made |= module.django_settings(folder)
    return made
