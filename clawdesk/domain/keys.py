"""API keys that a task's requests get on their way out: how they are written, which count. Pure.

The task names host, secret and header; a policy grants a secret for a host, `SECRET@host`. The
value is added outside the machine, so nothing inside ever has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clawdesk.domain.network import WEB_PORTS, Key, granted, is_host
from clawdesk.domain.processes import KeySpec
from clawdesk.domain.secrets import NAME_RULE, is_secret_name
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import Reader, show

GRANT_RULE = 'secrets and the host each may go to, e.g. ["API_TOKEN@api.example.org"]'
KEYS_MAX = 20
USUAL_HEADER = "Authorization"
USUAL_PREFIX = "Bearer "
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_PREFIX = re.compile(r"[ -~]{0,60}")
_OWN_HEADERS = frozenset({
    "host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade",
    "keep-alive", "expect", "accept-encoding",
})  # fmt: skip
"""Headers the proxy itself needs; `proxy-` and what follows it are its own as well."""


def is_grant(text: str) -> bool:
    """Whether a policy may hold that text; its host may stand for all below one (`*.`)."""
    name, _, host = text.partition("@")
    return is_secret_name(name) and is_host(host)


def within(grants: Iterable[str], bounds: Iterable[str]) -> tuple[str, ...]:
    """Those of `grants` that `bounds` holds whole: the same secret, and no host more."""
    bounds = tuple(bounds)
    return tuple(grant for grant in dict.fromkeys(grants) if _holds(bounds, *_parts(grant)))


def granted_keys(wanted: Iterable[KeySpec], allowed: Iterable[str]) -> tuple[KeySpec, ...]:
    """Those of `wanted` whose secret may go to their host."""
    allowed = tuple(allowed)
    return tuple(key for key in wanted if _holds(allowed, key.secret, key.host))


def _holds(bounds: tuple[str, ...], secret: str, host: str) -> bool:
    hosts = [there for name, there in map(_parts, bounds) if name == secret]
    return bool(granted((host,), hosts))


def _parts(grant: str) -> tuple[str, str]:
    name, _, host = grant.partition("@")
    return name, host


def key_of(spec: KeySpec, value: str) -> Key:
    """A key with its value, as a connection's judge needs it."""
    host, _, port = spec.host.partition(":")
    there = int(port or WEB_PORTS[0])
    plain_port, tls_port = WEB_PORTS if there == WEB_PORTS[0] else (there, there)
    return Key(host, plain_port, tls_port, spec.header, f"{spec.prefix}{value}", spec.secret, value)


def key_grants(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    """The `allow` list of a table `[keys]` at `path`, hosts in lower case."""
    if not reader.table(path, ("allow",)):
        return ()
    found = tuple(_lowered(text) for text in reader.texts((*path, "allow")))
    for text in found:
        if not is_grant(text):
            reader.mistake((*path, "allow"), show(text), GRANT_RULE)
            return ()
    return found


def _lowered(grant: str) -> str:
    name, at, host = grant.partition("@")
    return name + at + host.lower()


def parse_keys(reader: Reader, network: tuple[str, ...]) -> tuple[KeySpec, ...]:
    """The tables `[[keys]]` of a task file.

    Args:
        network: the hosts the task names; a key is for one of them.
    """
    tables = reader.get(("keys",))
    if tables is None:
        return ()
    good = isinstance(tables, list) and all(isinstance(table, dict) for table in tables)
    if not good or len(tables) > KEYS_MAX:
        reader.mistake(("keys",), show(tables), f"at most {KEYS_MAX} tables [[keys]]")
        return ()
    found = tuple(_key(reader, ("keys", index), network) for index in range(len(tables)))
    seen: set[tuple[str, str]] = set()
    for index, key in enumerate(found):
        place = (key.host.removesuffix(f":{WEB_PORTS[0]}"), key.header.lower())
        if place in seen:
            allowed = "each header of a host once"
            reader.mistake(("keys", index, "header"), f"{show(key.header)} twice", allowed)
        seen.add(place)
    return found


def _key(reader: Reader, path: KeyPath, network: tuple[str, ...]) -> KeySpec:
    reader.only_keys(path, ("host", "secret", "header", "prefix"))
    host = reader.text((*path, "host"), None, chars_max=300).lower()
    if host and (not is_host(host) or host.startswith("*")):
        reader.mistake((*path, "host"), show(host), 'the name of one host, e.g. "api.example.org"')
    elif host and not granted((host,), network):
        allowed = "a host that machine.network names as well"
        reader.mistake((*path, "host"), show(host), allowed)
    secret = reader.text((*path, "secret"), None, chars_max=40)
    if secret and not is_secret_name(secret):
        reader.mistake((*path, "secret"), show(secret), NAME_RULE)
    header = reader.pattern(
        (*path, "header"), USUAL_HEADER, _HEADER, "the name of a header, e.g. X-Api-Key"
    )
    if header.lower() in _OWN_HEADERS or header.lower().startswith("proxy-"):
        reader.mistake((*path, "header"), show(header), "a header that the proxy does not need")
    usual = USUAL_PREFIX if header.lower() == USUAL_HEADER.lower() else ""
    words = "at most 60 printable ASCII characters in front of the secret"
    prefix = reader.pattern((*path, "prefix"), usual, _PREFIX, words)
    return KeySpec(host, secret, header, prefix)
