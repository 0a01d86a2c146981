"""`.clawdesk/image.toml`: what it may say, what names a layer, what is run to make it."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict, replace

import pytest

from clawdesk.domain.agents import KINDS
from clawdesk.domain.definitions import DefinitionError, parse_task
from clawdesk.domain.images import (
    ImagePlan,
    ImageSpec,
    parse_image,
    set_up_reach,
    set_up_steps,
    with_agent,
)
from clawdesk.domain.model import ProjectPolicy, Task
from clawdesk.domain.network import NOWHERE, Reach

WHOLE = """
debian = ["ripgrep", "libxml2-dev=2.9.14+dfsg-1.3"]
pypi = ["requests", "httpx[http2] >= 0.28, < 1"]
npm = ["typescript@5", "@scope/name"]
script = "tools/set-up.sh"
files = ["requirements.txt"]
network = ["Packages.example.org"]
"""
MINI = '[models]\ndefault = "m"\n[agent]\nkind = "mini-swe-agent"\nprompt = "Mend it."\n'


def task(text: str) -> Task:
    return Task("T", "/p", parse_task(text, "t"), ProjectPolicy(), 0, "c", "c")


def test_a_whole_file() -> None:
    assert parse_image(WHOLE) == ImageSpec(
        debian=("ripgrep", "libxml2-dev=2.9.14+dfsg-1.3"),
        pypi=("requests", "httpx[http2]>=0.28,<1"),
        npm=("typescript@5", "@scope/name"),
        script="tools/set-up.sh",
        files=("requirements.txt",),
        network=("packages.example.org",),
    )
    assert parse_image("") == ImageSpec()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("apt = []\n", ":1: apt: found a key nobody knows; allowed: debian, pypi, npm"),
        ('debian = ["-o=x"]\n', ':1: debian: found "-o=x"; allowed: names of packages'),
        ('debian = ["a; rm -rf /"]\n', ':1: debian: found "a;rm-rf/"; allowed: names'),
        ('pypi = ["--index-url=http://x"]\n', ':1: pypi: found "--index-url=http://x"; a'),
        ('pypi = ["a @ https://x/y.whl"]\n', ':1: pypi: found "a@https://x/y.whl"; all'),
        ('pypi = "requests"\n', ':1: pypi: found "requests"; allowed: a list of texts'),
        ('npm = ["git+https://x"]\n', ':1: npm: found "git+https://x"; allowed: names'),
        ('script = "../set-up.sh"\n', ':1: script: found "../set-up.sh"; allowed: a path'),
        ('files = ["/etc/passwd"]\n', ':1: files: found "/etc/passwd"; allowed: a path'),
        ('network = ["10.0.0.1"]\n', ':1: network: found "10.0.0.1"; allowed: names of'),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_image(text)
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(".clawdesk/image.toml" + expected)


def test_an_agent_brings_what_it_is_made_of() -> None:
    plan = with_agent(ImagePlan(ImageSpec(pypi=("requests", "pytest"))), task(MINI))
    assert plan.spec.pypi[:2] == ("requests", "pytest")
    assert plan.spec.pypi.count("requests") == 1
    assert plan.pypi_alone == KINDS["mini-swe-agent"].pypi_alone
    own = task('[agent]\nkind = "command"\nprompt = "p"\nrun = "r"\n')
    assert with_agent(ImagePlan(), own).is_empty
    assert with_agent(ImagePlan(), task('[[steps]]\nname = "a"\nrun = "r"\n')).is_empty


def test_packages_of_the_catalog_are_written_as_in_an_image_file() -> None:
    for kind in KINDS.values():
        lists = {"debian": kind.debian, "pypi": (*kind.pypi, *kind.pypi_alone), "npm": kind.npm}
        text = "".join(f"{key} = {json.dumps(names)}\n" for key, names in lists.items())
        assert asdict(parse_image(text)) == {**asdict(ImageSpec()), **lists}, kind.name


def test_a_file_that_asks_for_nothing_needs_no_layer() -> None:
    assert ImagePlan(ImageSpec(network=("a.org",), files=("a",)), contents={"a": b""}).is_empty
    for spec in (ImageSpec(debian=("a",)), ImageSpec(npm=("a",)), ImageSpec(script="a")):
        assert not ImagePlan(spec).is_empty


def test_a_layer_is_named_by_all_it_is_made_of_and_nothing_else() -> None:
    plan = ImagePlan(ImageSpec(pypi=("a",), script="s"), contents={"s": b"one"})
    others = [
        replace(plan, contents={"s": b"two"}),
        replace(plan, spec=replace(plan.spec, pypi=("b",))),
        replace(plan, spec=replace(plan.spec, debian=("a",), pypi=())),
        replace(plan, pypi_alone=("c",)),
        replace(plan, warm_up="c"),
    ]
    assert len({each.digest for each in (plan, *others)}) == 6
    assert plan.digest == replace(plan, spec=replace(plan.spec, network=("a.org",))).digest


def test_its_steps_in_order() -> None:
    plan = with_agent(ImagePlan(parse_image(WHOLE)), task(MINI))
    steps = set_up_steps(plan)
    assert [step.name for step in steps] == [
        "files",
        "Debian packages",
        "Python packages",
        "the agent",
        "Node.js",
        "npm packages",
        "the set-up script",
        "a first start",
        "tidying up",
    ]
    python = shlex.split(steps[2].command)
    assert "httpx[http2]>=0.28,<1" in python  # one word for the shell, not a redirection
    assert [s.name for s in set_up_steps(ImagePlan(ImageSpec(script="a")))] == [
        "files",
        "the set-up script",
        "tidying up",
    ]


def test_the_set_up_reaches_what_the_policy_allows_and_no_more() -> None:
    policy = ProjectPolicy(network_allow=("*.a.org", "b.org"), own_networks=("10.1.0.0/16",))
    whole, lacking = set_up_reach(ImagePlan(), policy, NOWHERE)
    assert (whole.hosts, whole.own_networks, lacking) == (
        ("*.a.org", "b.org"),
        ("10.1.0.0/16",),
        "",
    )
    reach, lacking = set_up_reach(
        ImagePlan(ImageSpec(network=("x.a.org", "c.org"))), policy, NOWHERE
    )
    assert (reach.hosts, lacking) == (("x.a.org",), "c.org")


CATALOG = Reach(("py.example",), ("10.1.2.3",))
OF_PROJECT = ProjectPolicy(network_allow=("evil.example",), own_networks=("10.0.0.0/8",))


def test_images_of_the_catalog_alone_reach_what_the_user_lets_them_and_no_more() -> None:
    plan = with_agent(ImagePlan(), task(MINI))
    assert set_up_reach(plan, ProjectPolicy(), CATALOG) == (CATALOG, "")
    assert set_up_reach(plan, OF_PROJECT, CATALOG) == (CATALOG, ""), "whatever its project may"
    without, _ = set_up_reach(plan, OF_PROJECT, NOWHERE)
    assert without == Reach(("evil.example",), ("10.0.0.0/8",))
    assert plan.digest == replace(plan, of_catalog=False).digest, "the same layer either way"


@pytest.mark.parametrize(
    "of_project",
    [
        ImagePlan(ImageSpec(pypi=("evil",))),
        ImagePlan(ImageSpec(npm=("evil",))),
        ImagePlan(ImageSpec(debian=("evil",))),
        ImagePlan(ImageSpec(script="evil.sh"), contents={"evil.sh": b"curl py.example"}),
        ImagePlan(ImageSpec(files=("pip.conf",)), contents={"pip.conf": b""}),
        ImagePlan(ImageSpec(network=("evil.example",))),
        ImagePlan(ImageSpec(pypi=KINDS["mini-swe-agent"].pypi)),
    ],
)
def test_whatever_a_project_puts_into_the_image_the_rule_is_not_for_it(
    of_project: ImagePlan,
) -> None:
    plan = with_agent(of_project, task(MINI))
    assert not plan.of_catalog
    assert set_up_reach(plan, ProjectPolicy(), CATALOG)[0] == NOWHERE
    assert not with_agent(of_project, task('[[steps]]\nname = "a"\nrun = "r"\n')).of_catalog
