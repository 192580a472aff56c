"""What the processes of one machine note for one another under DATA_DIR.

``<DATA_DIR>/run/<process>.json`` holds {"port", "pid"} of a process that answers; ``run/<name>.token`` a shared secret.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
import tempfile
from pathlib import Path

from hotline.core.errors import Unavailable

_READY_WITHIN = 60.0  # seconds for a process of the same machine to appear


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether nothing listens there yet."""
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def note(data_dir: Path, process: str, port: int) -> None:
    """Tell the other processes of this DATA_DIR where `process` answers."""
    path = data_dir / "run" / f"{process}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"port": port, "pid": os.getpid()}), "utf-8")
    draft.replace(path)


def forget(data_dir: Path, process: str) -> None:
    (data_dir / "run" / f"{process}.json").unlink(missing_ok=True)


def find(data_dir: Path, process: str) -> int | None:
    """The port of a live process of this DATA_DIR; None where it does not run."""
    try:
        noted = json.loads((data_dir / "run" / f"{process}.json").read_text("utf-8"))
        os.kill(noted["pid"], 0)
        return int(noted["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def wait_for(data_dir: Path, process: str, seconds: float = _READY_WITHIN) -> int:
    """The port of `process` as soon as it is noted; raise `Unavailable` after `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                if port := find(data_dir, process):
                    return port
                await asyncio.sleep(0.1)
    raise Unavailable(process)


def token(data_dir: Path, name: str) -> str:
    """A secret shared by the processes of this DATA_DIR, made by whoever comes first (mode 600)."""
    path = data_dir / "run" / f"{name}.token"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(prefix=f"{name}.", dir=path.parent)  # mode 600
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all: nobody reads a token that is half written
        Path(draft).unlink()
    return path.read_text("ascii").strip()
