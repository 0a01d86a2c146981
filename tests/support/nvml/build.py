"""Compiles the NVML stand-in (stub.c) into a folder of the caller's choice."""

from __future__ import annotations

import subprocess
from pathlib import Path


def build(folder: Path) -> Path:
    """Path of the shared library, under the name and soname that programs look for."""
    library = folder / "libnvidia-ml.so.1"
    source = Path(__file__).with_name("stub.c")
    flags = ["-shared", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror", "-O1"]
    subprocess.run(
        ["gcc", *flags, "-Wl,-soname,libnvidia-ml.so.1", "-o", str(library), str(source)],
        check=True,
    )
    return library
