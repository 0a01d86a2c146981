"""The one rule that ClawDesk writes into the user's own `policy.toml`, and takes out again.

All else in the file stays as it is, to the last comment: what could not be kept so is not written,
and a person is told the lines. Written whole or not at all. Calls block.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array, Item, Table

from clawdesk.domain.definitions import FILE_BYTES_MAX, DefinitionError
from clawdesk.domain.network import NOWHERE, Reach
from clawdesk.domain.package_sources import TAKE_BACK
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.toml_lines import key_lines
from clawdesk.ports.errors import PortError
from clawdesk.runtime.trust import write_durably

TABLE = "[images.catalog]"
HEAD = (
    "ClawDesk sets the images of the agents it knows up from these hosts, and nothing else does:",
    f"no project's own image, and no task. {TAKE_BACK} removes this table.",
)


class _WouldLoseError(Exception):
    """The rule cannot be written without touching something else; the words say what."""


def with_catalog(text: str, reach: Reach) -> str:
    """The file with these hosts and addresses allowed too. Raises PortError."""
    return _checked(text, reach, _added)


def without_catalog(text: str) -> str:
    """The file without that rule. Raises PortError."""
    return _checked(text, NOWHERE, _removed)


def rule_lines(reach: Reach) -> tuple[str, ...]:
    """The rule as it stands in the file, without its head."""
    own = (f"own = {json.dumps(list(reach.own_networks))}",) if reach.own_networks else ()
    return (TABLE, f"allow = {json.dumps(list(reach.hosts))}", *own)


def replace_text(path: Path, old: str | None, new: str) -> None:
    """Put a new text in place of the one that was read, None = there was no file.

    A link is followed, the file's mode stays, and so do its line ends.

    Raises:
        PortError: it is another file by now, not the user's own, or cannot be written.
    """
    target = path.resolve()
    try:
        found = target.read_bytes() if target.exists() else None
        mode = 0o600
        if found is not None:
            told = target.stat()
            mode = told.st_mode & 0o7777
            if told.st_uid != os.getuid() or told.st_nlink > 1:
                raise _refusal(path, "it is not a file of yours alone")
        content = new
        if found is not None and b"\r\n" in found:
            if found.count(b"\n") != found.count(b"\r\n"):
                raise _refusal(path, "its lines end in two ways")
            content = new.replace("\n", "\r\n")
        if (None if found is None else found.decode().replace("\r\n", "\n")) != old:
            raise _refusal(path, "it was just changed by somebody else; try again")
        if len(content.encode()) > FILE_BYTES_MAX:
            raise _refusal(path, "it would have more than 64 KiB")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(target, content.encode(), mode=mode)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _refusal(path, why or str(error)) from None


def _checked(text: str, reach: Reach, change: Any) -> str:
    """What `change` makes of a text, where all else in it stays."""
    try:
        try:
            document = tomlkit.parse(text)
            change(document, reach)
            new = tomlkit.dumps(document)
        except (TOMLKitError, TypeError, ValueError) as error:
            raise _WouldLoseError(str(error)) from error
        if change is _removed:
            new = new.rstrip() + "\n" if new.strip() else ""
        _compare(text, new)
        rules = parse_rules(new)
    except DefinitionError as error:
        raise _mend(text, reach, error.mistakes[0]) from None
    except _WouldLoseError as error:
        raise _mend(text, reach, str(error)) from None
    if (change is _removed) == bool(rules.catalog.hosts) or not _holds(rules.catalog, reach):
        raise _mend(text, reach, "the rule does not come out as it was shown")
    return new


def _holds(there: Reach, wanted: Reach) -> bool:
    hosts = set(wanted.hosts) <= set(there.hosts)
    return hosts and set(wanted.own_networks) <= set(there.own_networks)


def _added(document: tomlkit.TOMLDocument, reach: Reach) -> None:
    images = document.get("images")
    if images is None:
        # The super table has no header of its own; what stands before it ends in an empty line.
        if document.as_string() and not document.as_string().endswith("\n\n"):
            whole = document.as_string()
            document.add(tomlkit.nl() if whole.endswith("\n") else tomlkit.ws("\n\n"))
        images = tomlkit.table(is_super_table=True)
        images.add("catalog", _new_table(reach))
        document.add("images", images)
        return
    if not isinstance(images, Table):
        raise _WouldLoseError("images in it is not written as a table with a header")
    catalog = images.get("catalog")
    if catalog is None:
        images.add("catalog", _new_table(reach))
        return
    if not isinstance(catalog, Table):
        raise _WouldLoseError("images.catalog in it is not written as a table with a header")
    _extend(catalog, "allow", reach.hosts)
    _extend(catalog, "own", reach.own_networks)


def _new_table(reach: Reach) -> Table:
    table = tomlkit.table()
    for line in HEAD:
        table.add(tomlkit.comment(line))
    table.add("allow", list(reach.hosts))
    if reach.own_networks:
        table.add("own", list(reach.own_networks))
    return table


def _extend(table: Table, key: str, values: tuple[str, ...]) -> None:
    there = table.get(key)
    if there is None:
        if values:
            table.add(key, list(values))
        return
    if not isinstance(there, Array):
        raise _WouldLoseError(f"images.catalog.{key} in it is no list")
    for value in values:
        if value not in there:
            there.append(value)


def _removed(document: tomlkit.TOMLDocument, _: Reach) -> None:
    images = document.get("images")
    if images is None:
        return
    if not isinstance(images, Table) or not isinstance(images.get("catalog", images), Item):
        raise _WouldLoseError("images in it is not written as a table with a header")
    images.remove("catalog")
    if not images:
        document.remove("images")


def _compare(old: str, new: str) -> None:
    """Nothing but the rule differs: no value, and no line with a comment."""
    if _rest(old) != _rest(new):
        raise _WouldLoseError("something else in it would change")
    ours = {f"# {line}" for line in HEAD}
    kept = new.splitlines()
    for line in old.splitlines():
        if "#" in line and line.strip() not in ours and line not in kept:
            raise _WouldLoseError(f"this line would be lost or change: {line.strip()[:120]}")


def _rest(text: str) -> dict[str, Any]:
    whole = tomllib.loads(text)
    images = whole.get("images")
    if isinstance(images, dict):
        images.pop("catalog", None)
        if not images:
            del whole["images"]
    return whole


def _refusal(path: Path, why: str, mend: str = "") -> PortError:
    return PortError(f"{path} is not changed: {why}.", mend=mend, code="policy_file")


def _mend(text: str, reach: Reach, why: str) -> PortError:
    lines = key_lines(text)
    if reach.hosts:
        mend = f"Write it into the file yourself: {' | '.join(rule_lines(reach))}"
    else:
        line = lines.get(("images", "catalog"), lines.get(("images",), 1))
        mend = f"Remove the table {TABLE} yourself; it begins on line {line}."
    return PortError(f"Your policy.toml is not changed: {why}.", mend=mend, code="policy_file")
