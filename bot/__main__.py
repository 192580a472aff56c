"""``python -m bot``: serve. ``python -m bot train``: train. ``python -m bot test``: play the written conversations."""

import importlib
import logging
import os
import sys

from bot import environment, quiet


def main(arguments: list[str]) -> int:
    """Run one command; return the process's exit status."""
    command = arguments[0] if arguments else "serve"
    if command not in ("serve", "train", "test") or len(arguments) > 1:
        print(__doc__, file=sys.stderr)
        return 2
    environment.prepare(threads=(os.cpu_count() or 1) if command == "train" else 1)
    quiet.install()
    log = logging.getLogger("bot")
    try:
        return _run(command)
    except KeyboardInterrupt:
        return 130
    except (RuntimeError, OSError) as error:
        # our own errors are sentences for the administrator; a foreign one gives only its kind and place
        ours = type(error).__module__.startswith("bot.")
        log.critical("%s", error if ours else quiet.describe(error))
        return 1


def _run(command: str) -> int:
    if command == "serve":
        from bot.lifecycle import leave_at_once_on_signal

        leave_at_once_on_signal()
    # skops looks every numpy function up in every loaded module: imported after Rasa it takes 16 s, before it 2
    importlib.import_module("skops.io")
    if command == "serve":
        from bot.server import run

        run()
        return 0
    from bot import training

    if command == "train":
        training.train()
        return 0
    return training.test()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
