"""House rules for every test: no leftovers, no unexpected warnings, no touching the user's files.

A test fails when it leaves a thread or a living child process behind, or when a WARNING or worse
was logged that it did not announce with `@pytest.mark.expect_log("pattern")`. Tests that are not
marked `e2e` get their own short HOME, XDG and runtime directories.
"""

from __future__ import annotations

import logging
import os
import random
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tests.support import side_by_side

# As the window does (clawdesk/ui/loop.py): libvirt's event thread shares GLib's default context.
os.environ["QT_NO_GLIB"] = "1"
THREADS_OF_LIBRARIES = re.compile(
    # Started once a process by a library and kept by it until the end, by that library's design.
    r"libvirt.*|pydevd.*|QtThread.*|Dummy-\d+"
)
END_S = 5.0
"""How long a thread or process that is already ending may take."""

settings.register_profile(
    "clawdesk",
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "40")),  # 100 in `make test`
    deadline=None,  # the machine is shared: a slow example is no failure
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("clawdesk")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "expect_log(*patterns): log lines of level WARNING or worse that may appear"
    )
    config.addinivalue_line(
        "markers", "leaves_threads(why): this test may leave threads behind, for the reason given"
    )
    config.addinivalue_line(
        "markers",
        "leaves_processes(why): this test may leave processes behind, for the reason given",
    )
    if config.getoption("--hypothesis-seed", None) is None:
        config.option.hypothesis_seed = str(random.SystemRandom().randrange(2**32))


def pytest_report_header(config: pytest.Config) -> str:
    seed = config.getoption("--hypothesis-seed", None)
    return f"random examples: repeat this run with --hypothesis-seed={seed}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    side_by_side.arrange(items, beside=hasattr(config, "workerinput"))


class _Collector(logging.Handler):
    """Keeps the records of level WARNING or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def _no_unexpected_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(collector)
    marks = request.node.iter_markers("expect_log")
    allowed = [re.compile(str(pattern)) for mark in marks for pattern in mark.args]
    unexpected = [
        f"{record.levelname} {record.name}: {record.getMessage()}"
        for record in collector.records
        if not any(pattern.search(record.getMessage()) for pattern in allowed)
    ]
    if unexpected:
        pytest.fail("unexpected in the log:\n  " + "\n  ".join(unexpected), pytrace=False)


def _threads() -> set[threading.Thread]:
    return {
        thread
        for thread in threading.enumerate()
        if thread.is_alive() and not THREADS_OF_LIBRARIES.fullmatch(thread.name)
    }


def _have_children() -> bool:
    """Whether this process has any child; quick, as the kernel keeps a list of them."""
    lists = Path("/proc/self/task").glob("*/children")
    try:
        return any(children.read_text() for children in lists)
    except OSError:
        return True  # a thread that just ended, or a kernel without the lists: look closely


def _children() -> set[psutil.Process]:
    alive: set[psutil.Process] = set()
    if not _have_children():
        return alive
    for child in psutil.Process().children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE:
                alive.add(child)
        except psutil.NoSuchProcess:
            continue
    return alive


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.Error:
        return str(process.pid)


@pytest.fixture(autouse=True)
def _no_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    """What fixtures of a wider scope started is there before, so only this test's own counts."""
    threads, children = _threads(), _children()
    yield
    if request.node.get_closest_marker("leaves_threads") is None:
        left = _threads() - threads
        for thread in left:
            thread.join(END_S)
        names = sorted(thread.name for thread in left if thread.is_alive())
        if names:
            pytest.fail(f"threads left behind: {', '.join(names)}", pytrace=False)
    started = _children() - children
    if started and request.node.get_closest_marker("leaves_processes") is None:
        _, alive = psutil.wait_procs(started, timeout=END_S)
        named = [_name(process) for process in alive if process in _children()]
        if named:
            pytest.fail("processes left behind:\n  " + "\n  ".join(named), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def _own_promises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What Fabrics here promise to models counts neither for the user's nor for a worker beside."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLAWDESK_CLAIMS_DIR", os.fspath(tmp_path_factory.mktemp("claims") / "c"))
        yield


@pytest.fixture(autouse=True)
def _own_directories(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Point HOME, XDG and runtime directories at an empty place, short enough for Unix sockets."""
    if request.node.get_closest_marker("e2e") is not None:
        yield
        return
    root = Path(tempfile.mkdtemp(prefix="cd-"))
    places = {
        "HOME": "h",
        "XDG_CONFIG_HOME": "h/c",
        "XDG_DATA_HOME": "h/d",
        "XDG_STATE_HOME": "h/s",
        "XDG_CACHE_HOME": "h/k",
        "XDG_RUNTIME_DIR": "x",
        "CLAWDESK_RUNTIME_DIR": "r",
    }
    for variable, name in places.items():
        (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        monkeypatch.setenv(variable, os.fspath(root / name))
    yield
    shutil.rmtree(root, ignore_errors=True)
