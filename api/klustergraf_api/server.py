"""How the application is served: uvicorn, with connections of our own."""

import socket

import uvicorn
from fastapi import FastAPI

from klustergraf_api.connection import connection_class
from klustergraf_api.quick import QuickWay
from klustergraf_api.settings import Settings
from klustergraf_api.shortcut import Shortcut

_BACKLOG = 2048


def server_config(app: FastAPI) -> uvicorn.Config:
    """Make the configuration of a server for an application of ``create_app``."""
    settings: Settings = app.state.settings
    shortcut: Shortcut = app.state.shortcut
    quick = QuickWay(lambda: app.state.parts, is_open=not settings.log_requests)
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=connection_class(settings, shortcut, quick),
        ws="none",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=settings.grace_seconds,
    )


def run(config: uvicorn.Config, listener: socket.socket) -> None:
    """Serve what is asked on a listening socket until a signal ends it."""
    uvicorn.Server(config).run(sockets=[listener])
