"""The process environment that Rasa and its libraries need, set before any of them is imported.

Imports nothing but the standard library, on purpose.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository: config.yml, bot/, nlu/, models/, locales/."""

MODELS = ROOT / "models"
SCRATCH = ROOT / ".rasa"


def prepare(threads: int = 1) -> None:
    """Set what must be set before the first import; a value that the administrator has set wins.

    ``threads`` is for the embedding. Telemetry is the exception: it is always off.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    defaults = {
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # the embedding's OpenMP threads spin: a server with more than one loses throughput and gains no time
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "passive",
        # whatever these libraries want to keep stays out of the user's home
        "RASA_CACHE_DIRECTORY": str(SCRATCH / "cache"),
        "MPLCONFIGDIR": str(SCRATCH / "matplotlib"),
        "KERAS_HOME": str(SCRATCH / "keras"),
        # also silences Rasa's progress bars, which tear a log apart
        "LOG_LEVEL": "ERROR",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def data_dir() -> Path:
    """Where this installation keeps its state: HOTLINE_DATA_DIR, by default ``var``."""
    return Path(os.environ.get("HOTLINE_DATA_DIR") or "var")
