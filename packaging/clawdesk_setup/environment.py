"""The virtual environment in .venv: the right Python, the exact versions, made once.

A stamp in .venv holds a hash of everything that decides its content, so a second run only reads
three small files.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from clawdesk_setup.progress import SetupError, stream
from clawdesk_setup.system import SUITABLE

STAMP = "clawdesk-stamp"
PROBE = (
    "import sys, sysconfig, os, venv, ensurepip;"
    "header = os.path.join(sysconfig.get_path('include'), 'Python.h');"
    "print(*sys.version_info[:3], os.path.exists(header))"
)


def candidates() -> Iterable[str]:
    """Interpreters to try: the system's first, because its headers come as packages."""
    names = [f"python{major}.{minor}" for major, minor in reversed(SUITABLE)]
    yield "/usr/bin/python3"
    yield from (f"/usr/bin/{name}" for name in names)
    for name in [*names, "python3"]:
        found = shutil.which(name)
        if found:
            yield found


def probe(python: str) -> tuple[int, int, int] | None:
    """Version of an interpreter that can make the environment, None if it cannot."""
    try:
        result = subprocess.run(
            [python, "-c", PROBE], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = result.stdout.split()
    if result.returncode != 0 or len(words) != 4 or words[3] != "True":
        return None
    version = (int(words[0]), int(words[1]), int(words[2]))
    return version if version[:2] in SUITABLE else None


def pick() -> tuple[str, tuple[int, int, int]]:
    """The interpreter to use and its version.

    Raises:
        SetupError: none is suitable.
    """
    for python in candidates():
        version = probe(python)
        if version is not None:
            return python, version
    wanted = ", ".join(f"{major}.{minor}" for major, minor in SUITABLE)
    raise SetupError(
        f"No Python of version {wanted} with its headers and venv was found.",
        "sudo apt-get install python3 python3-dev python3-venv",
    )


def stamp_text(root: Path, version: tuple[int, int, int]) -> str:
    """Hash of what decides the environment: exact versions, our requirements, Python, place.

    Tool settings in pyproject.toml come after the first `[tool.` table of no concern here; the
    path counts because the editable install points at it.
    """
    project = (root / "pyproject.toml").read_text(encoding="utf-8").split("\n[tool.ruff]")[0]
    pins = (root / "constraints.txt").read_text(encoding="utf-8")
    content = "\0".join([project, pins, repr(version), str(root)])
    return hashlib.sha256(content.encode()).hexdigest()


def current(root: Path) -> bool:
    """Whether .venv was made from exactly this checkout's requirements and still starts."""
    python = root / ".venv/bin/python"
    stamp = root / ".venv" / STAMP
    if not stamp.is_file():
        return False
    lines = stamp.read_text(encoding="utf-8").split()
    if len(lines) != 4 or not python.exists():
        return False
    version = (int(lines[1]), int(lines[2]), int(lines[3]))
    return lines[0] == stamp_text(root, version)


def progress_of(line: str) -> str:
    """What is shown of one line of pip, "" = nothing."""
    if line.startswith(("Building wheel", "Installing collected")):
        return line
    if line.startswith("Downloading") and "MB" in line:
        words = line.split()
        return f"downloading {words[1].rsplit('/', 1)[-1].split('-')[0]} {' '.join(words[2:])}"
    return ""


def ensure(root: Path) -> str:
    """Make or mend .venv; returns one line that says what was done. Raises SetupError."""
    folder = root / ".venv"
    if current(root):
        return "up to date"
    version = probe_version(folder / "bin/python")
    if version is None or version[:2] not in SUITABLE:
        python, version = pick()
        stream([python, "-m", "venv", "--clear", str(folder)], show=lambda _: "")
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--disable-pip-version-check"]
    command = [*pip, "--progress-bar", "off", "-c", "constraints.txt", "-e", ".[dev]"]
    stream(command, show=progress_of, cwd=root, mend="make setup (it goes on where it stopped)")
    words = [stamp_text(root, version), *(str(number) for number in version)]
    (folder / STAMP).write_text("\n".join(words) + "\n", encoding="utf-8")
    return f"made with Python {'.'.join(words[1:])}"


def probe_version(python: Path) -> tuple[int, int, int] | None:
    """Version of an environment's interpreter, None if it does not start."""
    try:
        result = subprocess.run(
            [str(python), "-c", "import pip, sys; print(*sys.version_info[:3])"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    major, minor, patch = (int(word) for word in result.stdout.split())
    return major, minor, patch
