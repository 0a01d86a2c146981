"""The user's own `policy.toml`: TOML text in, `Rules` out.

Pure. Tables [host], [priority], [held] and [snapshots] hold for this machine; [defaults] for every
project; [projects."/its/path"] for one, on top of [defaults]; [images.catalog] for
images of the agent catalog alone. docs/guide/policy.md says what each
key means. Mistakes are told as in project files: file, line, key, what was found, what is allowed.
"""

from __future__ import annotations

from clawdesk.domain.definitions import (
    CLASSES,
    PRIORITIES,
    WEIGHT_MAX,
    WEIGHT_MIN,
    given_permissions,
    hosts,
    peer_use,
    secret_names,
)
from clawdesk.domain.keys import key_grants
from clawdesk.domain.network import Reach, is_network
from clawdesk.domain.rules import CHATS, ProjectRules, Quota, Rules
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import Reader, show

POLICY_FILE = "policy.toml"
PROJECTS_MAX = 1_000
MEMORY_MIB_MAX = 16 * 1024 * 1024
MACHINES_MAX = 256
DAY_S = 24 * 3600
_TOP = ("host", "priority", "held", "snapshots", "images", "defaults", "projects")
_QUOTA = ("machines", "memory_mib", "machines_borrow", "memory_mib_borrow")
_PROJECT = ("weight", "weight_max", "priority_min", "priority_max", "class_max", "chat")
_TABLES = ("approval", "network", "agents", "secrets", "keys", "peers", "quota")


def parse_rules(text: str, file: str = POLICY_FILE) -> Rules:
    """Read `policy.toml`.

    Args:
        file: how mistakes name the file.
    Raises:
        DefinitionError: with every mistake found.
    """
    reader = Reader(text, file)
    reader.only_keys((), _TOP)
    usual = Rules()
    defaults = _project(reader, ("defaults",), usual.defaults)
    projects = {}
    if _is_table(reader, ("projects",)):
        paths = list(reader.get(("projects",)))
        if len(paths) > PROJECTS_MAX:
            reader.mistake(("projects",), f"{len(paths)} projects", f"at most {PROJECTS_MAX}")
        for path in paths[:PROJECTS_MAX]:
            if not path.startswith("/") or not path.isprintable():
                allowed = 'the absolute path of a project, e.g. [projects."/home/me/notes"]'
                reader.mistake(("projects", path), "this name", allowed)
            projects[path.rstrip("/") or "/"] = _project(reader, ("projects", path), defaults)
    numbers = _numbers(reader, usual)
    rules = Rules(
        ageing_s=numbers["priority", "ageing_s"],
        hint_max=numbers["priority", "hint_max"],
        margin=numbers["priority", "margin"],
        run_s_min=numbers["priority", "run_s_min"],
        reserve_after_s=numbers["priority", "reserve_after_s"],
        held_memory_s=numbers["held", "memory_s"],
        machines_max=numbers["host", "machines_max"],
        reserve_memory_mib=_or_none(reader, ("host", "reserve_memory_mib"), MEMORY_MIB_MAX),
        snapshot_gib_max=numbers["snapshots", "gib_max"],
        snapshot_keep_days=numbers["snapshots", "keep_days"],
        catalog=_catalog(reader),
        defaults=defaults,
        projects=projects,
    )
    reader.finish()
    return rules


def _numbers(reader: Reader, usual: Rules) -> dict[tuple[str, str], int]:
    """Whole numbers of the tables that hold for this machine."""
    bounds = {
        ("host", "machines_max"): (usual.machines_max, 1, MACHINES_MAX),
        ("priority", "ageing_s"): (usual.ageing_s, 1, DAY_S),
        ("priority", "hint_max"): (usual.hint_max, 0, 10),
        ("priority", "margin"): (usual.margin, 1, 100),
        ("priority", "run_s_min"): (usual.run_s_min, 0, DAY_S),
        ("priority", "reserve_after_s"): (usual.reserve_after_s, 0, 7 * DAY_S),
        ("held", "memory_s"): (usual.held_memory_s, 0, 7 * DAY_S),
        ("snapshots", "gib_max"): (usual.snapshot_gib_max, 1, 1_000_000),
        ("snapshots", "keep_days"): (usual.snapshot_keep_days, 0, 3_650),
    }
    for table in ("host", "priority", "held", "snapshots"):
        extra = ("reserve_memory_mib",) if table == "host" else ()
        reader.table((table,), (*extra, *(key for t, key in bounds if t == table)))
    return {path: reader.whole(path, *bound) for path, bound in bounds.items()}


def _project(reader: Reader, path: KeyPath, base: ProjectRules) -> ProjectRules:
    """The rules of one table; what it does not say is as in `base`."""
    if not reader.table(path, (*_PROJECT, *_TABLES)):
        return base
    weight = _number_or(reader, (*path, "weight"), base.weight)
    weight_max = _number_or(reader, (*path, "weight_max"), base.weight_max)
    told = {key: reader.get((*path, key)) is not None for key in ("weight", "weight_max")}
    if told["weight"] and not told["weight_max"]:
        weight_max = None  # the user's own word for this project, whatever bounds the others
    elif all(told.values()) and weight is not None and weight > (weight_max or weight):
        found = f"{weight:g}, above weight_max = {weight_max:g}"
        reader.mistake((*path, "weight"), found, "at most weight_max")
    least = reader.whole((*path, "priority_min"), base.priority_min, *PRIORITIES)
    most = reader.whole((*path, "priority_max"), base.priority_max, *PRIORITIES)
    if least > most:
        found = f"{least}, above priority_max = {most}"
        reader.mistake((*path, "priority_min"), found, "at most priority_max")
    class_max = base.class_max
    if reader.get((*path, "class_max")) is not None:
        class_max = reader.choice((*path, "class_max"), CLASSES[0], CLASSES)
    chat = reader.choice((*path, "chat"), base.chat, CHATS)
    added: tuple[str, ...] = ()
    if reader.table((*path, "approval"), ("paths",)):
        added = reader.texts((*path, "approval", "paths"))
    network, own = base.network_allow, base.own_networks
    if reader.table((*path, "network"), ("allow", "own")):
        if reader.get((*path, "network", "allow")) is not None:
            network = hosts(reader, (*path, "network", "allow"))
        own = tuple(dict.fromkeys((*own, *_networks(reader, (*path, "network", "own")))))
    secrets = base.secrets_allow
    if reader.table((*path, "secrets"), ("allow",)):
        secrets = secret_names(reader, (*path, "secrets", "allow"))
    keys = base.keys_allow
    if reader.get((*path, "keys")) is not None:
        keys = key_grants(reader, (*path, "keys"))
    return ProjectRules(
        weight=weight,
        weight_max=weight_max,
        priority_min=least,
        priority_max=most,
        class_max=class_max,
        quota=_quota(reader, (*path, "quota"), base.quota),
        approval_paths=tuple(dict.fromkeys((*base.approval_paths, *added))),
        network_allow=network,
        own_networks=own,
        permissions=given_permissions(reader, (*path, "agents")) or base.permissions,
        secrets_allow=secrets,
        keys_allow=keys,
        peers=peer_use(reader, (*path, "peers")) or base.peers,
        chat=chat,
    )


def _catalog(reader: Reader) -> Reach:
    """What images of the agent catalog alone may be set up from."""
    path: KeyPath = ("images", "catalog")
    if not reader.table(path[:1], ("catalog",)) or not reader.table(path, ("allow", "own")):
        return Reach()
    return Reach(hosts(reader, (*path, "allow")), _networks(reader, (*path, "own")))


def _networks(reader: Reader, path: KeyPath) -> tuple[str, ...]:
    found = reader.texts(path)
    for text in found:
        if not is_network(text):
            reader.mistake(path, show(text), 'networks, e.g. ["10.1.0.0/16", "192.168.1.20"]')
            return ()
    return found


def _quota(reader: Reader, path: KeyPath, base: Quota) -> Quota:
    if not reader.table(path, _QUOTA):
        return base
    most = {"machines": MACHINES_MAX, "memory_mib": MEMORY_MIB_MAX}
    told = {
        key: _or_none(reader, (*path, key), most[key.removesuffix("_borrow")]) for key in _QUOTA
    }
    for what in ("machines", "memory_mib"):
        key = f"{what}_borrow"
        if told[key] is not None and told[what] is None and getattr(base, what) is None:
            found = f"{told[key]} without {what}"
            reader.mistake((*path, key), found, f"only together with {what}")
    return Quota(**{key: getattr(base, key) if told[key] is None else told[key] for key in _QUOTA})


def _is_table(reader: Reader, path: KeyPath) -> bool:
    value = reader.get(path)
    if value is not None and not isinstance(value, dict):
        reader.table(path, ())
    return isinstance(value, dict)


def _or_none(reader: Reader, path: KeyPath, most: int) -> int | None:
    return None if reader.get(path) is None else reader.whole(path, 0, 0, most)


def _number_or(reader: Reader, path: KeyPath, usual: float | None) -> float | None:
    if reader.get(path) is None:
        return usual
    return reader.number(path, 1.0, WEIGHT_MIN, WEIGHT_MAX)
