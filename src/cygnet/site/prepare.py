"""How is a contest folder made, and its database brought up to date?"""

from pathlib import Path

from cygnet.durable import storage_errors, write_text_whole
from cygnet.errors import InputError
from cygnet.site.folder import CONTEST_FILE, new_secret, write_secrets
from cygnet.site.start import open_site

_ISIC_2020 = """\
title = "SIIM-ISIC Melanoma Classification"
subtitle = "Identify melanoma in dermoscopic images, looking at all lesions of a patient"
"""

_OTHER = """\
title = "{name}"
subtitle = ""
"""

_TEMPLATE = """\
# What an organiser may change; docs/reference/site.md explains every key. Secrets never stand here.
name = "{name}"
{words}time_zone = "UTC"
organiser_email = ""

[database]
url = "sqlite:contest.sqlite3"   # or postgresql://user@host/name

[storage]
url = "files"                    # or s3://bucket/prefix?endpoint=https://host

[mail]
url = "files"                    # or smtp://host:25, smtp+starttls://, smtps://
sender = "Cygnet challenge <noreply@localhost>"
"""


def make_folder(path: Path, name: str) -> None:
    """Make a contest folder that can be served; raises where something stands there already."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError.of(
            "This is already there and is not an empty folder.", "Choose another name.", file=path
        )
    words = _ISIC_2020 if name == "isic2020" else _OTHER.format(name=name)
    with storage_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        write_secrets(path, {"secret_key": new_secret()})
        write_text_whole(path / CONTEST_FILE, _TEMPLATE.format(name=name, words=words))
    open_site(path)
    migrate()


def migrate() -> None:
    """Bring the database to this version's tables."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
