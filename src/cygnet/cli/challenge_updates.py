"""Commands of updates: announce to those who confirmed, take bounces in, give out or erase."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from cygnet.cli import console
from cygnet.errors import InputError

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The contest folder.")]


def announce_command(
    folder: Folder,
    *,
    subject: Annotated[str, typer.Option(help="Subject of the mail, one line.")],
    text: Annotated[Path, typer.Option(metavar="FILE", help="Plain text of the mail, UTF-8.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Announce an update to everyone who has confirmed.

    The running site sends; a stopped one does when it is served again. The same subject and text
    are never sent twice to anyone: given again, the command tells how far it is.
    """
    from cygnet.site.prepare import open_current

    words = _read_text(text)
    open_current(folder)
    from cygnet.site.updates.announcing import announce

    done = announce(subject, words)
    if as_json:
        console.print_json(done.as_json())
        return
    counts = ", ".join(f"{count:,} {state}" for state, count in done.letters.items())
    begun = "Announced" if done.is_new else "Announced before"
    console.output().print(f"{begun}: {counts or 'nobody has confirmed an address'}.")


def bounce_command(folder: Folder) -> None:
    """Take in a notice of a mail that came back, from standard input.

    Give the notice as it arrived (RFC 3464), for example from a mail server's alias. Only a notice
    that quotes a letter of this site is believed.
    """
    from cygnet.site.prepare import open_current

    data = sys.stdin.buffer.read()
    open_current(folder)
    from cygnet.site.updates.announcing import take_notice

    console.output().print(take_notice(data))


def subscribers_command(
    folder: Folder,
    *,
    export: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Print all that is kept of this address.")
    ] = None,
    erase: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Delete this address and its letters.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts as JSON.")] = False,
) -> None:
    """Count those who are told about updates, or give out or erase one, on request."""
    from cygnet.site.prepare import open_current

    if export is not None and erase is not None:
        raise typer.BadParameter("Give --export or --erase, one at a time.")
    open_current(folder)
    from cygnet.site.updates import consent
    from cygnet.site.updates.models import Subscriber

    wanted = export if export is not None else erase
    if wanted is None:
        states = list(Subscriber.objects.values_list("state", flat=True))
        counts = {state: states.count(state) for state in Subscriber.State.values}
        if as_json:
            console.print_json(counts)
        else:
            for state, count in counts.items():
                console.output().print(f"{count:,} {state}")
        return
    found = consent.find(wanted)
    if found is None:
        raise InputError.of("This address is not kept here.", "Check its spelling.")
    if export is not None:
        sys.stdout.write(json.dumps(consent.export(found.pseudonym), indent=2) + "\n")
        return
    consent.erase(found.pseudonym)
    console.output().print("The address is deleted; its record of consent names nobody any more.")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError.of(
            f"This text cannot be read ({error}).", "Give a file of UTF-8 text.", file=file
        ) from error


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``, the commands of a challenge."""
    app.command("announce")(announce_command)
    app.command("bounce")(bounce_command)
    app.command("subscribers")(subscribers_command)
