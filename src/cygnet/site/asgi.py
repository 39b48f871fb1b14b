"""The application that the server runs: the gate, what apps put before Django, Django itself."""

from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import DatabaseError, close_old_connections

from cygnet.site import plugged
from cygnet.site.accounts.models import ApiToken
from cygnet.site.addresses import networks
from cygnet.site.background import Background
from cygnet.site.faults import DATABASE_AWAY
from cygnet.site.gate import App, Gate, GateLimits, Receive, Refusal, Scope, Send, Slots


def _is_known(token: str) -> bool:
    close_old_connections()
    try:
        return ApiToken.owner(token) is not None
    finally:
        close_old_connections()


async def _authenticate(token: str) -> bool:
    try:
        known: bool = await sync_to_async(_is_known, thread_sensitive=False)(token)
    except DatabaseError:
        raise Refusal(503, DATABASE_AWAY, 30) from None
    return known


class Lifespan:
    """Starts the background threads with the server and stops them with it."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the server's own life."""
        if scope["type"] == "http":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "lifespan":
            await send({"type": "websocket.close"})
            return
        background = Background()
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                background.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                background.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def make_application(limits: GateLimits | None = None) -> App:
    """Put the layers together."""
    django: Any = get_asgi_application()
    app: App = Slots(django)
    for part in plugged.parts("outer"):
        app = part.wrap(app)
    gate = Gate(app, _authenticate, networks(settings.BEHIND_PROXY), limits or GateLimits())
    return Lifespan(gate)
