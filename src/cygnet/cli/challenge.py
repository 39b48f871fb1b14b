"""Commands of a contest: make its folder, serve it."""

from pathlib import Path
from typing import Annotated

import typer

from cygnet.cli import console

app = typer.Typer(help="A challenge, hosted by one command.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The contest folder.")]


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    *,
    name: Annotated[
        str, typer.Option(help="Short name; isic2020 fills the pages with its published facts.")
    ] = "isic2020",
) -> None:
    """Make the folder of a contest.

    It holds everything: contest.toml, the secrets, the database, the files.
    """
    from cygnet.site.prepare import make_folder

    make_folder(folder, name)
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
