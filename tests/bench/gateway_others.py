"""nginx and LiteLLM beside ours, kept in a cache; missing ones are skipped.

Nothing is installed: nginx is unpacked from its Debian package, LiteLLM gets a virtual environment.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil

from tests.bench.gateway_peers import MODEL, Peer, end, wait_for
from tests.support.environments import NotHereError, cache, environment, run

LITELLM = "litellm[proxy]==1.106.2"
"""The version that the goal was set with; like ours it asks each call for its key."""
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream model {{ server unix:{folder}/model.sock; keepalive 512; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{
      proxy_pass http://model; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
_LITELLM = """
model_list:
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: http://127.0.0.1:{model_port}/v1
      api_key: none
litellm_settings:
  telemetry: false
general_settings:
  master_key: {key}
"""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _started(
    name: str, command: list[str], port: int, folder: Path, env: dict[str, str]
) -> Iterator[Peer]:
    log = (folder / f"{name}.out").open("wb")
    child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=env)
    try:
        try:
            wait_for(lambda: _answers(port), child, limit_s=120)
        except RuntimeError as error:
            raise NotHereError(f"{name} {error}; see {log.name}") from error
        pids = [child.pid, *(p.pid for p in psutil.Process(child.pid).children(recursive=True))]
        yield Peer(name, port, tuple(pids))
    finally:
        end(child)
        log.close()


@contextmanager
def nginx(folder: Path) -> Iterator[Peer]:
    """nginx as a relay. Raises NotHereError."""
    kept = cache("bench") / "nginx"
    program = kept / "usr/sbin/nginx"
    if not program.exists():
        kept.mkdir(exist_ok=True)
        run(["apt-get", "download", "nginx"], kept)
        for package in kept.glob("*.deb"):
            run(["dpkg", "-x", package.name, "."], kept)
    port = _free_port()
    settings = folder / "nginx.conf"
    settings.write_text(_NGINX.format(folder=folder, port=port))
    # It reaches the stand-in's socket as another user otherwise.
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    command = [str(program), "-c", str(settings), "-e", str(folder / "nginx.log"), *user]
    with _started("nginx", command, port, folder, dict(os.environ)) as peer:
        yield peer


@contextmanager
def litellm(folder: Path, model_port: int) -> Iterator[Peer]:
    """LiteLLM's proxy with one process and without a database. Raises NotHereError."""
    program = environment(LITELLM) / "litellm"
    settings = folder / "litellm.yaml"
    key = f"sk-{secrets.token_hex(24)}"
    settings.write_text(_LITELLM.format(model=MODEL, model_port=model_port, key=key))
    port = _free_port()
    command = [str(program), f"--config={settings}", "--host=127.0.0.1", f"--port={port}"]
    env = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    with _started("litellm", command, port, folder, env) as peer:
        yield replace(peer, headers={"Authorization": f"Bearer {key}"})
