"""Simulated GPUs for tests: the stand-in loaded into this process in place of the driver's library.

Use `library` once a session and `loaded` once a test; what the GPUs say is set through
`clawdesk_fabric.simulated_gpus.state`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pynvml
import pytest

from clawdesk_fabric.simulated_gpus import state
from clawdesk_fabric.simulated_gpus.build import build


def library(cache: Path) -> Path:
    """The compiled stand-in, kept in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        return build()


@contextmanager
def loaded(shared: Path, file: Path) -> Iterator[Path]:
    """pynvml asks the stand-in, which reads `file`; at first there is no file, so no driver."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(state.VARIABLE, str(file))
        patch.setattr(pynvml, "nvmlLib", ctypes.CDLL(str(shared)))
        pynvml._nvmlGetFunctionPointer_cache.clear()
        yield file
        pynvml._nvmlGetFunctionPointer_cache.clear()
