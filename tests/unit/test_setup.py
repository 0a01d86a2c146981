"""Set-up: what it would install, when it asks, when it does nothing, which engine it finds."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clawdesk_setup import account, engine, environment, progress, system
from clawdesk_setup.system import Need
from tests.support import dockerd

ROOT = Path(__file__).resolve().parents[2]


def test_a_need_is_met_by_any_of_its_names() -> None:
    needs = [Need(("a",), "x"), Need(("b-new", "b"), "x"), Need(("c",), "x")]
    assert system.missing(needs, {"a", "b"}) == [needs[2]]


def test_the_first_name_apt_knows_is_chosen() -> None:
    need = Need(("libglib2.0-0t64", "libglib2.0-0"), "x")
    assert system.choose(need, lambda name: True) == "libglib2.0-0t64"
    assert system.choose(need, lambda name: name == "libglib2.0-0") == "libglib2.0-0"
    assert system.choose(need, lambda name: False) == "libglib2.0-0"


def test_no_recommended_packages_no_questions_no_started_services() -> None:
    command = system.install_command(["x"], root=False)
    assert command[:2] == ["sudo", "env"]
    assert "--no-install-recommends" in command
    assert "SYSTEMD_OFFLINE=1" in command
    assert system.install_command(["x"], root=True)[0] == "env"


def test_test_packages_are_asked_for_by_the_tests_only() -> None:
    plain = {name for need in system.all_needs(tests=False) for name in need.names}
    whole = {name for need in system.all_needs(tests=True) for name in need.names}
    assert "xvfb" not in plain
    assert "xvfb" in whole
    assert plain < whole


def test_no_second_engine_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "installed", lambda: True)
    assert system.ENGINE not in system.all_needs(tests=False)
    monkeypatch.setattr(engine, "installed", lambda: False)
    assert system.ENGINE in system.all_needs(tests=False)


@pytest.mark.parametrize(
    ("version", "expected"),
    [((3, 11), "python3-dev"), ((3, 13), "python3-dev"), ((3, 10), "python3.13-dev")],
)
def test_an_old_system_python_gets_a_newer_one_beside_it(
    version: tuple[int, int], expected: str
) -> None:
    assert system.python_needs(version)[0].names[0] == expected


@pytest.mark.parametrize(
    ("ci", "terminal", "root", "answer", "expected"),
    [
        ("true", False, False, "", True),
        ("", False, True, "", True),
        ("", False, False, "", False),
        ("", True, True, "y", True),
        ("", True, True, "", False),
        ("", True, False, "yes", True),
        ("", True, False, "n", False),
    ],
)
def test_a_person_is_asked(
    monkeypatch: pytest.MonkeyPatch,
    ci: str,
    terminal: bool,
    root: bool,
    answer: str,
    expected: bool,
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    assert system.may_install(root=root, yes=False, ask=lambda _: answer) is expected


@pytest.mark.parametrize(
    ("release", "groups"),
    [
        ({"ID": "debian"}, ["libvirt-qemu"]),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, ["libvirt-qemu", "kvm"]),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, ["libvirt-qemu", "kvm"]),
    ],
)
def test_what_libvirt_looks_up_before_it_reads_its_settings_is_made(
    release: dict[str, str], groups: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(name: str) -> None:
        raise KeyError(name)

    monkeypatch.setattr("platform.freedesktop_os_release", lambda: release)
    monkeypatch.setattr("grp.getgrnam", nobody)
    monkeypatch.setattr("pwd.getpwnam", nobody)
    *made, user = account.commands()
    assert made == [["groupadd", "--system", group] for group in groups]
    assert (user[0], user[-1]) == ("useradd", "libvirt-qemu")


def test_saying_no_installs_nothing_and_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(system, "installed_packages", set[str])
    monkeypatch.setattr(system, "known", lambda name: True)
    monkeypatch.setattr(system, "may_install", lambda **_: False)
    monkeypatch.setattr(system, "stream", lambda *_, **__: pytest.fail("ran something"))
    with pytest.raises(progress.SetupError) as refused:
        system.ensure(tests=False, yes=False)
    assert "--no-install-recommends" in refused.value.mend
    assert "qemu-system-x86" in capsys.readouterr().out


def test_everything_present_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    every = {name for need in system.all_needs(tests=True) for name in need.names}
    monkeypatch.setattr(shutil, "which", lambda name, **_: f"/usr/bin/{name}")
    monkeypatch.setattr(system, "installed_packages", lambda: every)
    monkeypatch.setattr(system, "stream", lambda *_, **__: pytest.fail("ran something"))
    assert "present" in system.ensure(tests=True, yes=False)


def test_progress_counts_packages_and_names_downloads() -> None:
    count = system.Counting()
    lines = [
        "0 upgraded, 2 newly installed, 0 to remove and 9 not upgraded.",
        "Unpacking x (1.0) ...",
        "Setting up x (1.0) ...",
        "E: Unable to locate package y",
    ]
    shown = [count(line) for line in lines]
    assert shown == ["", "", "1/2 set up x", "E: Unable to locate package y"]
    line = "Downloading pyside6_essentials-6.11.3-cp310-abi3.whl (80.3 MB)"
    assert environment.progress_of(line) == "downloading pyside6_essentials (80.3 MB)"


def test_a_failed_command_shows_its_last_lines(capfd: pytest.CaptureFixture[str]) -> None:
    script = "print('Setting up x'); print('why it failed'); raise SystemExit(3)"
    with pytest.raises(progress.SetupError, match="exit code 3"):
        progress.stream([sys.executable, "-c", script], show=lambda line: "")
    assert "why it failed" in capfd.readouterr().err


def test_the_environment_is_remade_when_the_pins_change(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline = 1\n')
    (tmp_path / "constraints.txt").write_text("a==1\n")
    first = environment.stamp_text(tmp_path, (3, 11, 2))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.ruff]\nline = 2\n')
    assert environment.stamp_text(tmp_path, (3, 11, 2)) == first, "a tool's setting is no reason"
    assert environment.stamp_text(tmp_path, (3, 12, 0)) != first
    (tmp_path / "constraints.txt").write_text("a==2\n")
    assert environment.stamp_text(tmp_path, (3, 11, 2)) != first


def test_a_stamp_without_an_environment_counts_for_nothing(tmp_path: Path) -> None:
    assert not environment.current(tmp_path)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / environment.STAMP).write_text("x 3 11 2\n")
    assert not environment.current(tmp_path)


def test_a_python_that_does_not_start_is_not_suitable(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    assert environment.probe(str(broken)) is None
    assert environment.probe(str(tmp_path / "absent")) is None


@pytest.mark.parametrize(
    ("present", "root", "answering", "environ", "expected"),
    [
        (True, False, "/var/run/docker.sock", {}, engine.Engine("own")),
        (True, True, "", {}, engine.Engine("private")),
        (True, False, "/r/docker.sock", {"XDG_RUNTIME_DIR": "/r"}, "unix:///r/docker.sock"),
        (True, False, "/x", {"DOCKER_HOST": "unix:///x"}, "unix:///x"),
        (True, False, "", {"DOCKER_HOST": "tcp://box:2376"}, "tcp://box:2376"),
        (True, False, "", {}, "none"),
        (False, True, "", {}, "none"),
    ],
)
def test_the_engine_that_answers_is_used(
    present: bool, root: bool, answering: str, environ: dict[str, str], expected: object
) -> None:
    found = engine.find(
        environ,
        root=root,
        is_installed=lambda: present,
        ping=lambda path: path == answering,
        has=lambda _: False,
    )
    if isinstance(expected, engine.Engine):
        assert found == expected
    elif expected == "none":
        assert found.kind == "none"
        assert found.problem
        assert found.mend
    else:
        assert found == engine.Engine("own", str(expected))


def test_who_is_not_root_has_a_private_engine_by_rootlesskit() -> None:
    for there, kind in ({"rootlesskit", "newuidmap"}, "private"), ({"newuidmap"}, "none"):
        found = engine.find(
            {},
            root=False,
            is_installed=lambda: True,
            ping=lambda _: False,
            has=there.__contains__,
        )
        assert found.kind == kind
        assert ("rootlesskit" in found.mend) is (kind == "none")


def test_only_a_private_engine_wraps_the_command() -> None:
    assert engine.wrap(["x"], engine.Engine("own"), "py") == ["x"]
    wrapped = engine.wrap(["x", "y"], engine.Engine("private"), "py")
    assert wrapped == ["py", "-m", "tests.support.dockerd", "--or-without", "--", "x", "y"]
    wrapped = engine.wrap(["x"], engine.Engine("private"), "py", needed=True)
    assert wrapped == ["py", "-m", "tests.support.dockerd", "--", "x"]


def test_an_engine_in_a_folder_of_somebody_else_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dockerd, "_answers", lambda host: pytest.fail(f"{host} was asked"))
    nobody = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: nobody)
    with pytest.raises(dockerd.NoEngineError, match="another user"):
        dockerd._start(tmp_path / "cache", tmp_path)


def test_without_an_engine_a_command_runs_or_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def none() -> Iterator[str]:
        raise dockerd.NoEngineError("no rootlesskit")
        yield ""

    became: list[list[str]] = []
    monkeypatch.setattr(dockerd, "engine", none)
    monkeypatch.setattr(os, "execvp", lambda _, command: became.append(command))
    assert dockerd.main(["--", "x"]) == engine.NO_ENGINE
    assert became == []
    dockerd.main(["--or-without", "--", "x", "y"])
    assert became == [["x", "y"]]
    assert capsys.readouterr().err.count("No model can be served: no rootlesskit.") == 2


def test_a_ping_needs_an_http_answer(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    assert not engine.answers(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()

        def serve() -> None:
            with server.accept()[0] as client:
                client.recv(1024)
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\nOK")

        thread = threading.Thread(target=serve)
        thread.start()
        assert engine.answers(path)
        thread.join()


def test_the_script_refuses_unknown_steps_and_a_dry_run_changes_nothing() -> None:
    script = [sys.executable, str(ROOT / "packaging/setup.py")]
    wrong = subprocess.run([*script, "--only", "x"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "found x" in wrong.stderr
    dry = subprocess.run(
        [*script, "--dry-run", "--tests"], capture_output=True, text=True, check=False
    )
    assert dry.returncode == 0, dry.stderr
    assert "[5/5]" in dry.stdout


def test_the_exact_versions_name_no_address_and_no_local_path() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in pin and "/" not in pin and "@" not in pin for pin in pins)
    assert "PySide6_Essentials==6.11.3" in pins
