"""Where a program of the tests, started with an environment of its own, finds our packages."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORT_PATH = os.pathsep.join(str(ROOT / folder) for folder in (".", "fabric", "vm"))
"""For `PYTHONPATH`: the same folders as pytest's own `pythonpath`, less the set-up's."""
