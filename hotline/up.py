"""`make up`: everything on one machine, in the foreground, under honcho."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import honcho.manager
from honcho.environ import parse_procfile

from hotline import demo, local, vault
from hotline.app import ROOT
from hotline.config import PREFIX, Settings
from hotline.core.errors import HotlineError

_STOP_WITHIN = 20  # seconds until a process that does not end is killed: the database comes last
_NEEDED_MB = 500  # of free disk: the journal, the logs, a day's messages


def up(settings: Settings) -> int:
    """Run until Ctrl-C or until one process ends; the exit status. Raise `HotlineError` where it cannot start."""
    with alone(settings.data_dir):
        prepare(settings)
        return _run(settings, wanted(settings))


def _run(settings: Settings, names: set[str]) -> int:
    environment = os.environ | {
        f"{PREFIX}DATA_DIR": str(settings.data_dir.resolve()),
        f"{PREFIX}KEYRING": str(settings.keyring_path.resolve()),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # threads that only wait need no heaps of their own
    }
    manager = honcho.manager.Manager()
    honcho.manager.KILL_WAIT = _STOP_WITHIN
    for name, command in procfile().items():
        if name in names:
            manager.add_process(name, command, env=environment, cwd=str(ROOT), quiet=name == "actions")
    # a process of its own: it ends when all is ready, and honcho ends everything when one of its processes ends
    with subprocess.Popen([sys.executable, "-m", "hotline.ready"], env=environment, cwd=ROOT) as greeter:
        try:
            manager.loop()
        finally:
            greeter.terminate()
    if manager.returncode not in {0, 130, 143}:
        raise HotlineError("one process ended by itself, so all were stopped: the lines above say which; start again")
    return 0


def procfile() -> dict[str, str]:
    """Process → command, in the order of the Procfile."""
    return dict(parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes)


@contextlib.contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Hold DATA_DIR for as long as the context lasts: a second start in it must not disturb the first."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (data_dir / "lock").open("w")
    except OSError as error:
        raise HotlineError(f"{data_dir} cannot be written to ({error.strerror}): set HOTLINE_DATA_DIR") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise HotlineError(
                f"{data_dir} is in use: stop the gateway that runs there, or set HOTLINE_DATA_DIR"
            ) from None
        yield


def wanted(settings: Settings) -> set[str]:
    """The processes that these settings need on this machine."""
    names = set(procfile())
    if settings.mongodb_uri:
        names.discard("mongo")
    if settings.rasa_url:
        names -= {"rasa", "actions"}
    if settings.has_account:
        names.discard("sandbox")
    return names


def prepare(settings: Settings) -> None:
    """Everything that must be there before the first process; one sentence for whatever is in the way."""
    free = shutil.disk_usage(settings.data_dir).free // 2**20
    if free < _NEEDED_MB:
        raise HotlineError(f"only {free} MB are free for {settings.data_dir}: make room, at least {_NEEDED_MB} MB")
    for process in ("web", "worker", "mongo", "rasa"):
        if local.find(settings.data_dir, process) is not None:
            raise HotlineError(
                f"{settings.data_dir} is in use: stop the gateway that runs there, or set HOTLINE_DATA_DIR"
            )
    if not local.is_free(settings.host, settings.port):
        raise HotlineError(f"{settings.bind} is in use: stop what listens there, or set HOTLINE_BIND")
    vault.create(settings.keyring_path)
    vault.load(settings.keyring_path)
    if not settings.has_account:
        demo.make_accounts(settings, demo.PORT if local.is_free("127.0.0.1", demo.PORT) else local.free_port())


def console_url(settings: Settings) -> str:
    return f"{settings.origin}/console/"
