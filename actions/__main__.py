"""``python -m actions``: the action server, on loopback, at a free port noted in ``run/actions.json``."""

import asyncio
import logging
import os
import sys

from bot import environment, quiet


def main() -> int:
    """Serve until a signal; return the process's exit status."""
    environment.prepare()
    quiet.install()
    from bot.lifecycle import AddressTaken, leave_at_once_on_signal, listen, serve

    leave_at_once_on_signal()
    from rasa_sdk.endpoint import create_app

    try:
        host = os.environ.get("HOTLINE_ACTIONS_HOST") or "127.0.0.1"
        sock = listen(host, int(os.environ.get("HOTLINE_ACTIONS_PORT") or 0))
        app = create_app("actions", cors_origins="")
        app.config.ACCESS_LOG = False
        asyncio.run(serve(app, sock, "actions"))
    except AddressTaken as error:
        logging.getLogger("actions").critical("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
