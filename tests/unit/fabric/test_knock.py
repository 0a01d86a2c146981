"""Asking an engine for its version without the SDK, which asks for more than some can tell."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clawdesk_fabric.engines.watch import connect, knock


@contextmanager
def answering(path: Path, answer: bytes) -> Iterator[list[bytes]]:
    """Something that listens there and answers every connection the same; what it was asked."""
    asked: list[bytes] = []
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                said = connection.recv(4096)
                if said == b"end":
                    return
                asked.append(said)
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield asked
    finally:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(str(path))
            last.sendall(b"end")
        thread.join()
        listener.close()


@pytest.fixture
def path(short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = short_folder / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{found}")
    return found


def test_a_client_of_an_engine_asks_for_a_ping_and_nothing_else(path: Path) -> None:
    """`/version` breaks an engine without root that has the host's network."""
    answer = b"HTTP/1.1 200 OK\r\nApi-Version: 1.44\r\nContent-Length: 2\r\n\r\nOK"
    with answering(path, answer) as asked:
        assert knock() == "1.44"
        client = connect(timeout_s=5)
        assert client.api.api_version == "1.44"
        client.close()
    assert {said.split(b" ")[1] for said in asked} == {b"/_ping"}


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0-x\r\n", b""])
def test_what_is_no_engine_is_told_so(path: Path, answer: bytes) -> None:
    with answering(path, answer), pytest.raises(OSError, match="is no Docker engine"):
        knock()


def test_where_nobody_listens_nobody_is_asked(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        knock()


def test_an_engine_elsewhere_is_left_to_the_sdk() -> None:
    assert knock("tcp://192.0.2.1:2375") is None
