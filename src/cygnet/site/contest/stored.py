"""How are uploads read back? A store that is away is said, whichever store it is."""

from django.core.files.storage import default_storage

from cygnet.site.faults import NotNowError


def stored_bytes(name: str) -> bytes:
    """Give a stored file; raises FileNotFoundError, or NotNowError where the store is away."""
    try:
        with default_storage.open(name) as stream:
            data: bytes = stream.read()
    except FileNotFoundError:
        raise
    # Every store has errors of its own, and each means the same here.
    except Exception as error:
        raise NotNowError(
            f"Stored files cannot be read at the moment: {type(error).__name__}. Nothing is lost;"
            " please try again in a minute."
        ) from error
    return data
