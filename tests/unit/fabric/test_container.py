"""What a container is given, and how its end is told; no engine involved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clawdesk_fabric.engines.causes import explain_end, explain_refusal
from clawdesk_fabric.engines.container import options, relay_options, spec_digest
from clawdesk_fabric.engines.watch import _name, address, explain_absence, rootless
from clawdesk_fabric.specs import ImageSource, LocalWeights
from clawdesk_fabric.weights.files import WeightFile
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
    assert given["nano_cpus"] == 10**9
    assert "device_requests" not in given
    assert "ports" not in given
    assert "privileged" not in given
    assert given["labels"]["clawdesk.owner"] == "me"
    assert given["labels"]["clawdesk.image"] == "img:1"


IMAGE = "sha256:" + "a" * 64
TCP = ImageSource(IMAGE, ("--model", "{model}", "--port={port}", "{gpus}x{slots}"), 8000, "/ready")
FILE = WeightFile("w.gguf", Path("/m/w.gguf"), "b" * 64, 7)


def test_gpus_are_named_and_never_counted() -> None:
    given = options(spec(), "img:1", Path("/s/abcd"), "me", ("GPU-1", "GPU-2"))
    (request,) = given["device_requests"]
    assert request == {
        "Driver": "nvidia",
        "Count": 0,
        "DeviceIDs": ["GPU-1", "GPU-2"],
        "Capabilities": [["gpu"]],
        "Options": {},
    }
    assert given["labels"]["clawdesk.devices"] == "GPU-1,GPU-2"


def test_no_container_is_promised_more_processors_than_there_are() -> None:
    given = options(spec(threads=64), "img:1", Path("/s/abcd"), "me", processors=2)
    assert given["nano_cpus"] == 2 * 10**9


def test_weights_of_the_user_are_mounted_read_only_and_named_to_the_engine() -> None:
    given = options(spec(weights=LocalWeights((FILE,))), "img:1", Path("/s/abcd"), "me")
    assert given["volumes"]["/m/w.gguf"] == {"bind": "/weights/w.gguf", "mode": "ro"}
    assert given["environment"]["CLAWDESK_MODEL_FILE"] == "/weights/w.gguf"


def test_an_engine_on_tcp_has_no_socket_folder_and_its_relay_no_weights() -> None:
    model = spec(source=TCP, weights=LocalWeights((FILE,)), slots=3)
    given = options(model, IMAGE, Path("/s/abcd"), "me", ("GPU-1",))
    assert given["command"] == ["--model", "/weights/w.gguf", "--port=8000", "1x3"]
    assert list(given["volumes"]) == ["/m/w.gguf"]
    assert given["network_mode"] == "none"
    relay = relay_options(model, "relay:1", Path("/s/abcd"), "me", "c0ffee")
    assert relay["network_mode"] == "container:c0ffee"
    assert list(relay["volumes"]) == ["/s/abcd"]
    assert relay["command"] == ["/run/clawdesk/model.sock", "8000"]
    assert relay["labels"]["clawdesk.relay_of"] == "c0ffee"
    for key in ("read_only", "cap_drop", "security_opt", "user", "restart_policy", "tmpfs"):
        assert relay[key] == given[key]


def test_a_container_of_other_figures_is_another() -> None:
    assert spec_digest(spec()) == spec_digest(spec(title="other", idle_stop_s=5))
    assert spec_digest(spec()) != spec_digest(spec(threads=2))
    assert spec_digest(spec()) != spec_digest(spec(slots=2))
    changed = replace(FILE, sha256="c" * 64)
    of_file = spec_digest(spec(weights=LocalWeights((FILE,))))
    assert of_file != spec_digest(spec(weights=LocalWeights((changed,))))


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
    error = explain_end(spec(memory_mib=64), state, "loading\n\n  boom  \n")
    assert said in error.what
    assert error.what.endswith("its last lines: loading | boom")
    assert error.permanent is permanent
    assert error.code == "model_failed"


@pytest.mark.parametrize(
    ("tail", "said", "mend"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried", "out of GPU memory: 900", "gpu_mem"),
        ("cudaMalloc failed: out of memory", "out of GPU memory: 900 MiB", "gpu_memory_mib"),
        ("CUDA driver version is insufficient for CUDA", "no GPU driver", "nvidia-smi"),
    ],
)
def test_troubles_with_gpus_are_found_in_the_last_lines(tail: str, said: str, mend: str) -> None:
    error = explain_end(spec(gpu_memory_mib=900), {"ExitCode": 1}, tail)
    assert said in error.what
    assert mend in error.mend


@pytest.mark.parametrize(
    ("text", "said", "mend"),
    [
        (
            'could not select device driver "nvidia" with capabilities: [[gpu]]',
            "it knows no NVIDIA runtime",
            "nvidia-ctk runtime configure",
        ),
        (
            "nvidia-container-cli: device error: GPU-1: unknown device",
            "no longer there",
            "nvidia-smi -L",
        ),
        (
            "nvidia-container-cli: initialization error: nvml error: driver not loaded",
            "driver does not answer",
            "nvidia-smi",
        ),
        ('exec: "/server": executable file not found', "lacks the program", ""),
        ("anything else", "the Docker engine refused: anything else", ""),
    ],
)
def test_refusals_of_the_engine_are_told_apart(text: str, said: str, mend: str) -> None:
    error = explain_refusal(text)
    assert said in error.what
    assert mend in error.mend


def test_only_the_last_lines_are_told() -> None:
    error = explain_end(spec(), {"ExitCode": 1}, "\n".join(f"line {n}" for n in range(1000)))
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
    found: dict[str, str] = {}

    def which(name: str, path: str = "/usr/bin") -> str | None:
        return f"{found[name]}/{name}" if found.get(name, "-") in path.split(":") else None

    monkeypatch.setattr("shutil.which", which)
    missing, mend = explain_absence(FileNotFoundError(2, "No such file"))
    assert "not installed" in missing
    assert "apt-get install" in mend
    found["dockerd"] = "/usr/sbin"  # where few users' PATH leads
    for user, word in (0, "start docker"), (1000, "rootlesskit"):
        monkeypatch.setattr("os.geteuid", lambda user=user: user)
        monkeypatch.setattr("os.getgroups", list)
        stopped, mend = explain_absence(FileNotFoundError(2, "No such file"))
        assert stopped == "no Docker engine answers at unix:///var/run/docker.sock"
        assert word in mend


def test_an_engine_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By Docker's tool where it is; Debian's package leaves out what that needs."""
    there: set[str] = set()
    monkeypatch.setattr("shutil.which", lambda name, **_: name if name in there else None)
    assert "rootlesskit uidmap" in rootless()
    there.add("dockerd-rootless-setuptool.sh")
    assert rootless() == "dockerd-rootless-setuptool.sh install"
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("clawdesk_fabric.engines.watch._SYSTEM", str(tmp_path / "system.sock"))
    assert address() == f"unix://{tmp_path}/system.sock"
    (tmp_path / "docker.sock").touch()
    assert address() == f"unix://{tmp_path}/docker.sock"
    (tmp_path / "system.sock").touch()
    assert address() == f"unix://{tmp_path}/system.sock", "the system's where it may be used"
    monkeypatch.setenv("DOCKER_HOST", "tcp://box:2376")
    assert address() == "tcp://box:2376"


def test_an_engine_that_cannot_limit_memory_says_so() -> None:
    assert _name({"ServerVersion": "27.1", "MemoryLimit": True}) == "docker 27.1"
    assert "no memory limit" in _name({"ServerVersion": "27.1", "MemoryLimit": False})
