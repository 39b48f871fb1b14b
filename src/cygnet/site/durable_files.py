"""How are uploads kept in a folder so that a power cut loses none that was answered?"""

import os
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible


@deconstructible(path="cygnet.site.durable_files.DurableFiles")
class DurableFiles(FileSystemStorage):
    """A folder of files, each synced, with its folder, before it counts as stored."""

    def _save(self, name: str, content: Any) -> str:
        """Store a file and sync it."""
        try:
            stored: str = super()._save(name, content)
        except OSError:
            # Half a file on a disk that is full: it is nobody's, and takes the room of others.
            Path(self.path(name)).unlink(missing_ok=True)
            raise
        path = self.path(stored)
        for place in (path, os.path.dirname(path)):  # noqa: PTH120 - Django's paths are texts
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return stored
