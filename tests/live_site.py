"""A site that listens on loopback, in a thread of the test's own process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def live_site() -> Iterator[str]:
    """Serve the site as it is set up now; give its address, without a slash at the end."""
    import uvicorn

    from cygnet.site.asgi import make_application
    from cygnet.site.connections import BoundedProtocol

    server = uvicorn.Server(
        uvicorn.Config(
            make_application(), host="127.0.0.1", port=0, http=BoundedProtocol, ws="none",
            proxy_headers=False, access_log=False, log_level="error", lifespan="off",
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    for _ in range(200):
        if server.started:
            break
        time.sleep(0.02)
    assert server.started
    listening: Any = server.servers[0].sockets[0]
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    server.force_exit = True
    thread.join(10)
    assert not thread.is_alive()
