"""A repository with a bug, and an ACP agent to mend it; the official package lies beside it."""

from __future__ import annotations

import shutil
from importlib.metadata import files
from pathlib import Path

from tests.stories.preemption import URGENT
from tests.support.real_cli import make_project
from tests.support.scripted_model import BUG, MODEL, TEST

MENDER = Path(__file__).with_name("acp_mender.py")
PACKAGES = (
    "agent-client-protocol",
    "annotated-types",
    "pydantic",
    "pydantic-core",
    "typing-extensions",
    "typing-inspection",
)
TASK = f"""
title = "Mend it"
priority = -5
[machine]
memory_mib = 384
[models]
default = "{MODEL}"
[agent]
kind = "acp"
prompt = "The test fails. Mend it."
run = "PYTHONPATH=vendor PYTHONDONTWRITEBYTECODE=1 python3 agent.py"
"""


def acp_project(folder: Path, more: str = "") -> Path:
    """A project whose task `mend` runs the agent; `urgent` goes before it.

    Args:
        more: further lines of its `[agent]` table.
    """
    _put_packages(folder / "vendor")
    named = {
        ".clawdesk/tasks/mend.toml": TASK + more,
        ".clawdesk/tasks/urgent.toml": URGENT,
        ".gitignore": "__pycache__\n",
        "agent.py": MENDER.read_text(),
        "calc.py": BUG,
        "test_calc.py": TEST,
    }
    return make_project(folder, named)


def _put_packages(vendor: Path) -> None:
    """What the agent imports, from where this interpreter has it; Debian's is of its version."""
    for package in PACKAGES:
        for file in files(package) or ():
            if ".." not in file.parts and not file.parts[0].endswith(".dist-info"):
                place = vendor / file
                if file.suffix != ".pyc":
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(str(file.locate()), place)
