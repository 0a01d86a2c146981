"""What a container is given, and how its end is told; no engine involved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric.engines.container import explain_end, options, spec_digest
from clawdesk_fabric.engines.watch import explain_absence
from tests.support.fabric_world import spec


def test_nothing_is_open_that_need_not_be() -> None:
    given = options(spec(memory_mib=512), "img:1", Path("/s/abcd"), "me")
    assert given["network_mode"] == "none"
    assert given["read_only"] is True
    assert given["cap_drop"] == ["ALL"]
    assert given["security_opt"] == ["no-new-privileges"]
    assert given["mem_limit"] == given["memswap_limit"] == "512m"
    assert given["user"] == "10001:10001"
    assert given["restart_policy"] == {"Name": "no"}
    assert list(given["volumes"]) == ["/s/abcd"]
    assert "ports" not in given
    assert "privileged" not in given
    assert given["labels"]["clawdesk.owner"] == "me"
    assert given["labels"]["clawdesk.image"] == "img:1"


def test_a_container_of_other_figures_is_another() -> None:
    assert spec_digest(spec()) == spec_digest(spec(title="other", idle_stop_s=5))
    assert spec_digest(spec()) != spec_digest(spec(threads=2))
    assert spec_digest(spec()) != spec_digest(spec(slots=2))


@pytest.mark.parametrize(
    ("state", "said", "permanent"),
    [
        ({"ExitCode": 137, "OOMKilled": True}, "ran out of memory: its limit is 64 MiB", False),
        ({"ExitCode": 137, "OOMKilled": False}, "killed from outside", False),
        ({"ExitCode": 132}, "compiled for another processor", True),
        ({"ExitCode": 139}, "segmentation fault", False),
        ({"ExitCode": 1}, "ended with exit code 1", False),
        ({"ExitCode": 127, "Error": "exec: no such file"}, "exec: no such file", True),
    ],
)
def test_ends_are_told_apart(state: dict[str, Any], said: str, permanent: bool) -> None:
    error = explain_end("m", 64, state, "loading\n\n  boom  \n")
    assert said in error.what
    assert error.what.endswith("its last lines: loading | boom")
    assert error.permanent is permanent
    assert error.code == "model_failed"


def test_only_the_last_lines_are_told() -> None:
    error = explain_end("m", 64, {"ExitCode": 1}, "\n".join(f"line {n}" for n in range(1000)))
    assert "line 999" in error.what
    assert "line 900" not in error.what
    assert len(error.what) < 2000


def test_an_engine_that_may_not_be_used_is_told_from_one_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///x.sock")
    refused, mend = explain_absence(PermissionError(13, "Permission denied"))
    assert "may not use" in refused
    assert "rootless" in mend
    absent, mend = explain_absence(FileNotFoundError(2, "No such file"))
    assert absent == "no Docker engine answers at unix:///x.sock"
    assert "DOCKER_HOST" in mend
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setattr("shutil.which", lambda _: None)
    missing, mend = explain_absence(FileNotFoundError(2, "No such file"))
    assert "not installed" in missing
    assert "apt-get install" in mend
