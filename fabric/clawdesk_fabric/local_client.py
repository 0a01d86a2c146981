"""A small blocking client of a running Fabric, for the command line; standard library only."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from clawdesk_fabric.errors import FabricError


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def request(path: Path, method: str, target: str, body: dict[str, Any] | None = None) -> Any:
    """One request to the Fabric at the Unix socket `path`; its JSON answer.

    Raises:
        FabricError: none runs there, or it answered with an error.
    """
    connection = _UnixConnection(path)
    try:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        payload = json.dumps(body).encode() if body is not None else None
        connection.request(method, target, payload, headers)
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (FileNotFoundError, ConnectionError) as error:
        raise FabricError(
            f"no Fabric runs at {path}", mend="clawdesk-fabric serve", code="not_running"
        ) from error
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        said = str(error) or repr(error)
        raise FabricError(f"the Fabric at {path} did not answer properly: {said}") from error
    finally:
        connection.close()
    if not isinstance(value, dict):
        raise FabricError(f"what answers at {path} is no Fabric")
    if answer.status != 200:
        found = value.get("error")
        error_fields = found if isinstance(found, dict) else {}
        raise FabricError(
            str(error_fields.get("message", f"status {answer.status}")),
            code=str(error_fields.get("code", "error")),
        )
    return value
