"""Serving a Sanic app from start to clean end: a free port, a note for the others, SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

from sanic import Sanic

from bot import rundir

# open connections are dropped after this, so that a stop is never longer than four seconds
GRACE_SECONDS = 2.0


class AddressTaken(RuntimeError):
    """Nothing can listen at the address that was asked for; the sentence names it."""


def leave_at_once_on_signal() -> None:
    """Until the server runs there is nothing to put away: end without a traceback out of some library's import."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 picks a free one. It accepts nothing until it is served.

    Raises AddressTaken.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise AddressTaken(f"Cannot listen at {host}:{port}: {error.strerror}. Choose another port.") from None
    return sock


async def serve(app: Sanic, sock: socket.socket, name: str) -> None:
    """Answer on ``sock`` until a signal; ``run/<name>.json`` is there exactly while that is so."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server: Any = await app.create_server(sock=sock, return_asyncio_server=True, access_log=False)
    await server.startup()
    await server.before_start()
    await server.start_serving()
    await server.after_start()
    rundir.publish(name, sock.getsockname()[1])
    try:
        await stop.wait()
    finally:
        rundir.withdraw(name)
        server.close()
        await server.before_stop()
        for connection in list(server.connections):
            connection.close_if_idle()
        deadline = loop.time() + GRACE_SECONDS
        while server.connections and loop.time() < deadline:
            await asyncio.sleep(0.05)
        for connection in list(server.connections):
            connection.abort()
        await server.after_stop()
