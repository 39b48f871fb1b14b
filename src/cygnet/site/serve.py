"""How is the site served? One process, uvicorn, the gate before Django."""

import logging
import warnings
from pathlib import Path

from cygnet.site.start import open_site

log = logging.getLogger(__name__)


def serve(
    path: Path, *, host: str = "127.0.0.1", port: int = 8000, url: str = "", behind_proxy: str = ""
) -> None:
    """Serve the contest folder ``path`` until the process is told to stop."""
    open_site(path, url=url, behind_proxy=behind_proxy)
    import uvicorn

    from cygnet.site.addresses import networks
    from cygnet.site.asgi import make_application
    from cygnet.site.connections import BoundedProtocol
    from cygnet.site.prepare import bring_up_to_date

    BoundedProtocol.trusted = networks(behind_proxy)
    # Static files are small: that they are read in one go is meant.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")
    bring_up_to_date()
    _ready_contest()
    uvicorn.Server(
        uvicorn.Config(
            make_application(),
            host=host,
            port=port,
            http=BoundedProtocol,
            ws="none",
            lifespan="on",
            # The gate alone decides whose word on addresses counts.
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
            timeout_keep_alive=10,
            timeout_graceful_shutdown=20,
            backlog=2048,
        )
    ).run()


def _ready_contest() -> None:
    """Take settings that were changed in the file, and load the truth before the first request."""
    from cygnet.site.contest.founding import take_settings
    from cygnet.site.contest.models import Contest
    from cygnet.site.contest.state import ROW, contest, open_truth
    from cygnet.site.contest.submitting import sweep

    if Contest.objects.filter(pk=ROW).exists():
        take_settings()
        open_truth(contest())
        try:
            sweep()
        # Every store has errors of its own; one that is away must not keep the site down.
        except Exception:
            log.exception("files that belong to no submission could not be looked for")
