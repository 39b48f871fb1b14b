"""Commands of a contest: make its folder, serve it, people, the close, copies and checks."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cygnet.cli import challenge_text, console

app = typer.Typer(help="A challenge, hosted by one command.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The contest folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    *,
    name: Annotated[
        str, typer.Option(help="Short name; isic2020 fills the pages with its published facts.")
    ] = "isic2020",
    truth: Annotated[
        Path | None,
        typer.Option(
            metavar="TRUTH",
            help="image_name, patient_id, target, perhaps Usage; without it no contest is hosted.",
        ),
    ] = None,
    release: Annotated[
        Path | None,
        typer.Option(metavar="RELEASE", help="The release that the dataset page is made of."),
    ] = None,
) -> None:
    """Make the folder of a contest.

    It holds everything: contest.toml, the secrets, the database, the files. The truth is split by
    patient, its private part sealed.
    """
    from cygnet.site.prepare import make_folder

    make_folder(folder, name, truth=truth, release=release)
    console.output().print(f"Made {folder}. Serve it with: cygnet challenge serve {folder}")


@app.command("serve")
def serve(
    folder: Folder,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    url: Annotated[
        str, typer.Option(metavar="URL", help="The public address, such as https://host.")
    ] = "",
    behind_proxy: Annotated[
        str,
        typer.Option(metavar="CIDR", help="Network of the proxy whose forwarded headers count."),
    ] = "",
) -> None:
    """Serve the contest in DIR.

    One process; stop it with Ctrl-C. Requests in progress are finished first.
    """
    from cygnet.site.serve import serve as serve_folder

    console.say(f"Serving {folder} on http://{host}:{port}/")
    serve_folder(folder, host=host, port=port, url=url, behind_proxy=behind_proxy)


@app.command("user")
def user(
    folder: Folder,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")],
    *,
    team: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Put the person into this team; a new one is verified."),
    ] = None,
    organiser: Annotated[
        bool, typer.Option("--organiser", help="Let the person into the organisers' pages.")
    ] = False,
) -> None:
    """Make a verified account and print its token, once.

    The person sets a password by "Forgot your password?".
    """
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest.people import make_user

    token = make_user(email, team=team, organiser=organiser)
    console.say(f"The token of {email}; it cannot be shown again:")
    console.output().print(token)


@app.command("board")
def board(folder: Folder, *, as_json: Json = False) -> None:
    """Print the board."""
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest import clock
    from cygnet.site.contest.boards import board as contest_board
    from cygnet.site.contest.state import needed_contest

    document = contest_board(needed_contest(), clock.now()).document
    if as_json:
        console.print_json(document)
    else:
        challenge_text.print_board(document)


@app.command("close")
def close(folder: Folder, *, as_json: Json = False) -> None:
    """Score the private part and freeze the board, after the close.

    Stopped anywhere, the same command goes on. Later calls bring the late board up to date.
    """
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest import closing
    from cygnet.site.contest.state import contest_settings, needed_contest

    total = len(closing.finals(contest_settings(needed_contest())))
    with console.progress("Scoring", total) as advance:
        document = closing.close(advance)
    if as_json:
        console.print_json(document)
    else:
        challenge_text.print_board(document)


@app.command("rescore")
def rescore(
    folder: Folder,
    *,
    truth: Annotated[
        Path | None, typer.Option(metavar="TRUTH", help="Corrected labels of the same images.")
    ] = None,
    apply: Annotated[
        bool,
        typer.Option("--apply", help="Keep the new scores, not the diff alone."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Score all submissions anew and show what differs."""
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest.models import Submission
    from cygnet.site.contest.rescoring import rescore as rescore_all
    from cygnet.site.contest.state import needed_contest

    needed_contest()
    with console.progress("Scoring", Submission.objects.count()) as advance:
        document = rescore_all(truth_file=truth, apply=apply, advance=advance)
    if as_json:
        console.print_json(document)
    else:
        challenge_text.print_diff(document)


@app.command("verify")
def verify(
    folder: Folder,
    *,
    head: Annotated[
        str | None, typer.Option(metavar="H", help="A receipt, or a head that was mailed.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check the journal and everything that it tells of.

    Says what was changed, from which act on; exits with 1 when something was. With a head, a
    journal that was written anew is found too.
    """
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest.checking import check
    from cygnet.site.contest.models import Submission
    from cygnet.site.contest.state import needed_contest

    needed_contest()
    with console.progress("Scoring", Submission.objects.count()) as advance:
        document = check(head, advance)
    if as_json:
        console.print_json(document)
    else:
        challenge_text.print_verdict(document)
    if not document["ok"]:
        raise typer.Exit(1)


@app.command("backup")
def backup(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy a contest while it is served.

    The secrets and the seed are left out: keep a copy of them elsewhere.
    """
    # Not brought up to date: a copy is made before that.
    from cygnet.site.start import open_site

    open_site(folder)
    from cygnet.site.contest.keeping import back_up

    document: dict[str, Any] = back_up(out)
    if as_json:
        console.print_json(document)
    else:
        left_out = ", ".join(document["left_out"])
        console.output().print(f"Copied to {out}; not copied: {left_out}.")


@app.command("export")
def export(
    folder: Folder,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    *,
    as_json: Json = False,
) -> None:
    """Write the contest for archives: BagIt, RO-Crate, the BIAS checklist drafted.

    All submissions, scores, statements, versions and the journal; people under pseudonyms.
    """
    from cygnet.site.prepare import open_current

    open_current(folder)
    from cygnet.site.contest.exporting import export as export_contest

    document = export_contest(out)
    if as_json:
        console.print_json(document)
    else:
        console.output().print(
            f"Wrote {out}: {document['n_submissions']:,} submissions of"
            f" {document['n_teams']:,} teams, {document['n_acts']:,} acts."
        )
