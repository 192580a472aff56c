"""The console's front-end libraries: from the npm registry, by the lock file, into the console's static files.

``python -m ops.frontend`` makes them without the rest of ``ops/install.py``; nothing of it is committed.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "hotline/console/static/vendor"
FILES = (
    "htmx.org/dist/htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js",
    "idiomorph/dist/idiomorph-ext.min.js",
)


def copy_vendor() -> list[Path]:
    """Copy the libraries from ``node_modules`` to where the console serves them; the files written.

    Raise `FileNotFoundError` where they have not been installed.
    """
    VENDOR.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(ROOT / "node_modules" / name, VENDOR / Path(name).name)) for name in FILES]


if __name__ == "__main__":
    from ops import install

    try:
        install.frontend()
    except install.Stop as stop:
        sys.exit(f"\n{stop}")
