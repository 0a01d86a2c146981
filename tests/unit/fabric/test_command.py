"""The command line against a running Fabric: what it prints, and its exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from pathlib import Path

import pytest

from clawdesk_fabric import paths
from clawdesk_fabric.__main__ import main
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.server import Options, Server
from clawdesk_fabric.tokens import Grant, Tokens
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_world import MODEL, World, catalog, running


async def run(world: World, *arguments: str) -> int:
    return await asyncio.to_thread(main, [*arguments, f"--socket={world.socket}"])


async def test_load_ps_status_unload(
    world: World, engine: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(world, "ps") == 0
    assert capsys.readouterr().out == "no model runs\n"
    assert await run(world, "load", MODEL) == 0
    assert await run(world, "ps", "--json") == 0
    (model,) = json.loads(capsys.readouterr().out)
    assert (model["name"], model["phase"]) == (MODEL, "ready")
    assert await run(world, "status") == 0
    assert "engine: fake 1" in capsys.readouterr().out
    assert await run(world, "unload", MODEL) == 0
    assert await run(world, "models", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["phase"] == "absent"


async def test_a_printed_token_works(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert await run(world, "token", "--project=notes", f"--models={MODEL}") == 0
    world.token = capsys.readouterr().out.strip()
    assert (await world.chat())[0] == 200


async def test_an_unknown_model_is_a_failure(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(world, "load", "gpt-9") == 1
    assert "gpt-9" in capsys.readouterr().err


def test_no_fabric_is_not_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", f"--socket={tmp_path}/none.sock"]) == 5
    assert "to mend it: clawdesk-fabric serve" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"hello\r\n", "did not answer properly"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "did not answer properly"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is no Fabric"),
        (b'HTTP/1.1 400 Bad\r\nContent-Length: 13\r\n\r\n{"error": "x"}', "properly"),
        (b'HTTP/1.1 400 Bad\r\nContent-Length: 14\r\n\r\n{"error": "x"}', "status 400"),
    ],
)
@pytest.mark.parametrize("command", ["status", "stop"])
def test_what_is_no_fabric_is_told_in_a_sentence(
    short_folder: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    answer: bytes,
    said: str,
) -> None:
    path = short_folder / "odd.sock"

    def speak() -> None:
        came, _ = listening.accept()
        with came:
            came.recv(65536)
            came.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        speaking = threading.Thread(target=speak)
        speaking.start()
        assert main([command, f"--socket={path}"]) == 1
        speaking.join()
    assert said in capsys.readouterr().err


def test_stop_does_not_call_a_fabric_gone_that_it_may_not_reach(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    assert main(["stop", f"--socket={tmp_path}/none.sock"]) == 0
    monkeypatch.setattr("clawdesk_fabric.local_client._UnixConnection.connect", closed)
    assert main(["stop", f"--socket={tmp_path}/none.sock"]) == 1
    assert "Permission denied" in capsys.readouterr().err


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("serve", "models", "status", "ps", "load", "unload", "token", "images"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert command in capsys.readouterr().out


def test_the_runtime_folder_must_be_ours_and_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "r"
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", str(place))
    assert paths.runtime_folder() == place
    place.chmod(0o755)
    assert paths.runtime_folder().stat().st_mode & 0o777 == 0o700
    place.chmod(0o755)
    (place / "of somebody else").write_text("")
    with pytest.raises(FabricError, match="holds files and is open to others") as refused:
        paths.runtime_folder()
    assert f"chmod 700 {place}" in refused.value.mend
    assert place.stat().st_mode & 0o777 == 0o755, "a folder named by mistake is left as it is"
    elsewhere = tmp_path / "link"
    elsewhere.symlink_to(place)
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", str(elsewhere))
    with pytest.raises(FabricError, match="belongs to somebody else"):
        paths.runtime_folder()


def test_without_a_runtime_directory_it_is_a_private_one_of_this_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLAWDESK_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert paths.socket_path() == tmp_path / f"clawdesk-{os.getuid()}" / "fabric.sock"


def test_tokens_are_bounded_and_kept_as_digests_only() -> None:
    tokens = Tokens(1)
    token = tokens.create(Grant(project="p", priority_min=-2, priority_max=3))
    with pytest.raises(FabricError):
        tokens.create(Grant())
    grant = tokens.grant(token)
    assert grant is not None
    assert [grant.bounded(n) for n in (-9, 0, 9)] == [-2, 0, 3]
    assert token not in repr(vars(tokens))
    assert tokens.revoke(token)
    assert tokens.grant(token) is None


async def test_another_users_peer_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawdesk_fabric.guard.peer_uid", lambda _: 12345)
    answer = await world.control("status")
    assert answer["error"]["code"] == "origin_refused"
    assert isinstance(socket.SO_PEERCRED, int)


@pytest.mark.parametrize("name", ["file", "d" * 100])
def test_a_folder_for_sockets_that_cannot_be_is_told_in_a_sentence(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CLAWDESK_RUNTIME_DIR", f"{tmp_path}/{name}/clawdesk")
    assert main(["status"]) == 5
    said = capsys.readouterr().err
    assert said.startswith("clawdesk-fabric: ")
    assert f"{tmp_path}/{name}/clawdesk" in said
    assert "to mend it: " in said


async def test_a_file_named_as_the_socket_is_left_alone(
    short_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped --socket once removed the file, at the start and again at the end."""
    file = short_folder / "thesis.txt"
    file.write_text("mine")
    server = Server(catalog(), FakeEngine(short_folder), Options(file))
    with pytest.raises(FabricError, match="is no socket, so it is left alone") as refused:
        await server.run()
    assert "--socket" in refused.value.mend
    assert file.read_text() == "mine"


async def test_a_socket_that_a_dead_fabric_left_is_replaced(short_folder: Path) -> None:
    path = short_folder / "f.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    async with running(FakeEngine(short_folder), path) as world:
        assert (await world.chat())[0] == 200
    assert not path.exists()


@pytest.mark.parametrize("port", ["-1", "65536", "80000000000000000000000"])
def test_a_port_is_one_of_tcp(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", f"--port={port}"])
    assert "must be from 0 to 65535" in capsys.readouterr().err
