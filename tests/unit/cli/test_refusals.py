"""What a command says when the machine, the disk or the user gives it something it cannot use."""

from __future__ import annotations

import argparse
import errno
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from clawdesk.__main__ import main as start
from clawdesk.cli import approve, context, main, prune, secrets, submit, tasks
from clawdesk.domain.model import Kind, Phase, PlaneState, Reason
from clawdesk.ports.errors import PortError, RepositoryError
from clawdesk.runtime import places, recents
from clawdesk.runtime.api import Outcome
from clawdesk.runtime.front_door import try_lock
from tests.support.plane_scenes import Story
from tests.support.plane_scenes import project as project_view

RUNS = """
import sys
from clawdesk.cli import main
class Command:
    add_arguments = staticmethod(lambda parser: None)
    run = staticmethod(lambda options: print("x" * 100_000) or 0)
main._module = lambda name: Command
sys.exit(main.run(["tasks"]))
"""
DONE = Phase.DONE
FULL = OSError(errno.ENOSPC, "No space left on device")


def story() -> Story:
    made = Story(1, "fix-loader", 3_600_000, 48.5, priority=3)
    made.started(48)
    made.step(48, 0)
    made.checkpoint(40)
    made.checkpoint(30)
    return made


def options(**values: object) -> argparse.Namespace:
    return argparse.Namespace(**{"digest": None, "ordinal": 2, **values})


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "state"))
    return tmp_path / "state"


def command(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make `clawdesk tasks` fail with this error."""

    class Failing:
        @staticmethod
        def add_arguments(parser: argparse.ArgumentParser) -> None:
            """It takes none."""

        @staticmethod
        def run(_: argparse.Namespace) -> int:
            raise error

    monkeypatch.setattr(main, "_module", lambda _: Failing)


def test_a_refusal_of_the_system_names_place_reason_and_next_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command(monkeypatch, OSError(errno.EROFS, "Read-only file system", "/data/a\x1b[2Jb"))
    assert main.run(["tasks"]) == 5
    assert capsys.readouterr().err == (
        "clawdesk: /data/a?[2Jb cannot be used: Read-only file system.\n"
        "  Make its disk writable, or name another folder.\n"
    )


def test_an_output_on_a_full_disk_is_said_once() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", RUNS],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr == (
        "clawdesk: The output, or a file, cannot be used: No space left on device.\n"
        "  Free space on that disk, then try again.\n"
    )


def test_a_closed_output_is_no_error() -> None:
    run = f"{sys.executable} -c '{RUNS}' >&-"
    done = subprocess.run(
        ["/bin/sh", "-c", run], stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_window_is_a_command_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main.run(["window"]) == 5
    assert "there is no screen" in capsys.readouterr().err


def test_no_act_fails_because_a_project_cannot_be_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", os.fspath(tmp_path / "file"))
    recents.remember_project("/home/ada/notes")
    assert recents.recent_projects() == []


def test_a_lock_that_cannot_be_signed_is_held_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise FULL

    monkeypatch.setattr(os, "write", full)
    held = try_lock(tmp_path / "lock")
    assert held is not None
    assert try_lock(tmp_path / "lock") is None
    os.close(held)


def test_a_folder_too_long_for_a_socket_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", f"{tmp_path}/{'d' * 100}")
    with pytest.raises(PortError, match="longer than 95 bytes") as refused:
        places.runtime_dir()
    assert "CLAWDESK_RUNTIME_DIR" in refused.value.mend


@pytest.mark.parametrize("ordinal", [99, -1])
def test_no_decision_about_a_checkpoint_that_is_none(state: Path, ordinal: int) -> None:
    with pytest.raises(PortError, match=f"no checkpoint {ordinal}; there are: 1, 2") as refused:
        approve.digest_of(story().task, options(ordinal=ordinal))
    assert refused.value.code == "no_checkpoint"


def test_one_that_waits_for_nobody_is_not_sent_to_be_looked_at(state: Path) -> None:
    """The plane then says that it does not wait, and who decided."""
    assert approve.digest_of(story().task, options()) == ""


def test_one_that_waits_is_to_be_looked_at_first(state: Path) -> None:
    waiting = story()
    waiting.ask(20, Kind.APPROVE)
    with pytest.raises(PortError, match="not looked at") as refused:
        approve.digest_of(waiting.task, options())
    assert refused.value.mend == f"clawdesk diff {waiting.task.id} 2"


@pytest.mark.parametrize("days", ["nan", "inf", "-1", "4000"])
def test_snapshots_are_kept_for_days_that_can_be_counted(
    days: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    prune.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--keep", days])
    assert "must be from 0 to 3650" in capsys.readouterr().err


def test_a_line_of_tasks_has_the_priority_and_what_it_waits_for() -> None:
    asking, waiting = story(), story()
    asking.ask(20, Kind.CLARIFY, question="Which version?")
    waiting.ask(20, Kind.APPROVE)
    assert f"{asking.task.priority:>3}  " in tasks._line(asking.task)
    assert tasks._line(asking.task).endswith("waits for your answer")
    assert tasks._line(waiting.task).endswith("waits for your approval of checkpoint 2")


class Plane:
    """Opens no project: each has an error of its own."""

    projects: dict[str, object] = {}  # noqa: RUF012 - never changed

    def __init__(self, errors: dict[str, RepositoryError]) -> None:
        self._errors = errors

    async def open_project(self, path: str) -> None:
        raise self._errors[path]


async def test_a_project_that_is_none_any_more_is_not_told_of_at_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = RepositoryError("/a is not a Git repository.", mend="x", code="not_a_repository")
    torn = RepositoryError("/b cannot be read.", mend="git -C /b fsck", code="broken")
    monkeypatch.setattr(context, "recent_projects", lambda: ["/a", "/b"])
    await context._open_projects(Plane({"/a": gone, "/b": torn}), None)  # type: ignore[arg-type]
    assert capsys.readouterr().err == "clawdesk: /b cannot be read. git -C /b fsck\n"


async def test_changes_that_are_left_out_are_counted_in_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Taking:
        projects = {"/p": project_view("/p", dirty=("a.txt",))}  # noqa: RUF012

        async def submit(self, *_: object, **__: object) -> str:
            return "T"

    asked = argparse.Namespace(task="t", prompt=None, changes=None, priority=None, set=[])
    await submit.submit(Taking(), "/p", asked)  # type: ignore[arg-type]
    assert "without your 1 uncommitted change (" in capsys.readouterr().err


def test_the_name_of_a_secret_is_looked_at_before_its_value_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", os.fspath(tmp_path))
    monkeypatch.setattr(secrets, "secret_line", lambda *_: pytest.fail("it asked for a value"))
    with pytest.raises(PortError, match="is no name"):
        secrets.run(argparse.Namespace(act="set", name="path"))


@pytest.mark.parametrize(
    ("code", "phase", "says"),
    [
        ("not_driven", Phase.HELD, True),
        ("no_image", Phase.HELD, False),
        ("not_driven", DONE, False),
    ],
)
def test_a_decision_that_nobody_carries_out_now_says_what_will(
    code: str, phase: Phase, says: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    task = replace(story().task, phase=phase, project="/home/ada/my notes")

    class Deciding:
        state = PlaneState(tasks={task.id: task}, environment=Reason(code, "why", "that"))

    assert context.tell_of(Deciding(), task, Outcome(True, "Answered.")) == 0  # type: ignore[arg-type]
    told = capsys.readouterr()
    assert told.out == "Answered.\n"
    assert ("clawdesk run '/home/ada/my notes' --resume" in told.err) == says


def test_ctrl_c_while_it_is_loaded_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loading(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "clawdesk.cli.main", Loading("clawdesk.cli.main"))
    with pytest.raises(SystemExit) as left:
        start()
    assert left.value.code == 1


def test_a_folder_named_by_mistake_is_not_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, CLAWDESK_RUNTIME_DIR=/tmp would have taken /tmp from everybody."""
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", os.fspath(tmp_path))
    file = tmp_path / "of somebody else"
    file.write_text("")
    for mode in (0o777, 0o755):
        tmp_path.chmod(mode)
        with pytest.raises(PortError, match="holds files and is open to others"):
            places.runtime_dir()
        assert stat.S_IMODE(tmp_path.stat().st_mode) == mode
    file.unlink()
    assert stat.S_IMODE(places.runtime_dir().stat().st_mode) == 0o700
