"""A repository with a bug, and an ACP agent to mend it, in an image layer with its package."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from tests.stories.preemption import URGENT
from tests.support.mirrors import project_file, python_hosts
from tests.support.real_cli import make_project
from tests.support.scripted_model import BUG, MODEL, TEST

PACKAGE = "agent-client-protocol"
MENDER = Path(__file__).with_name("acp_mender.py")
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
run = "PYTHONDONTWRITEBYTECODE=1 python3 agent.py"
"""
AGENTS = '[agents]\npermissions = "allow"\n'


def acp_project(folder: Path, asked: str = "") -> Path:
    """A project whose task `mend` runs the agent; `urgent` goes before it.

    `trusting` and `forbidding` have what it asks to be allowed answered by policy; `watched` waits
    for approval at the end of each of its turns. `asked`: further tables of the project's file.
    """
    named = {
        ".clawdesk/tasks/mend.toml": TASK,
        ".clawdesk/tasks/trusting.toml": f'{TASK}permissions = "allow"\n',
        ".clawdesk/tasks/forbidding.toml": f'{TASK}permissions = "reject"\n',
        ".clawdesk/tasks/watched.toml": f'{TASK}checkpoint = "approve"\n',
        ".clawdesk/tasks/urgent.toml": URGENT,
        ".clawdesk/project.toml": project_file(python_hosts()) + asked,
        ".clawdesk/image.toml": f'pypi = ["{PACKAGE}=={version(PACKAGE)}"]\n',
        ".gitignore": "__pycache__\n",
        "agent.py": MENDER.read_text(),
        "calc.py": BUG,
        "test_calc.py": TEST,
    }
    return make_project(folder, named)
