"""Keys that stay on the host: how task files and policies name them, and which of them count."""

from __future__ import annotations

import pytest

from clawdesk.domain.definitions import DefinitionError, parse_project, parse_task
from clawdesk.domain.keys import is_grant, key_of, within
from clawdesk.domain.model import ProjectPolicy, Task
from clawdesk.domain.network import Reach
from clawdesk.domain.policy import keys_of, under
from clawdesk.domain.policy_file import parse_rules
from clawdesk.domain.processes import KeySpec
from clawdesk.domain.rules import ProjectRules, Rules

TASK = """
[machine]
network = ["api.example.org", "*.more.org:8443"]
[[keys]]
host = "API.example.org"
secret = "API_TOKEN"
[[keys]]
host = "a.more.org:8443"
secret = "OTHER"
header = "X-Api-Key"
[[steps]]
name = "s"
run = "true"
"""
KEYS = (
    KeySpec("api.example.org", "API_TOKEN", "Authorization", "Bearer "),
    KeySpec("a.more.org:8443", "OTHER", "X-Api-Key", ""),
)


def test_a_task_names_host_secret_and_header() -> None:
    assert parse_task(TASK, "t").keys == KEYS


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('host = "other.example.org"\nsecret = "A"', "a host that machine.network names as well"),
        ('host = "*.more.org:8443"\nsecret = "A"', "the name of one host"),
        ('host = "10.0.0.1"\nsecret = "A"', "the name of one host"),
        ('host = "u@api.example.org"\nsecret = "A"', "the name of one host"),
        ('secret = "A"', "keys[3].host: found nothing"),
        ('host = "api.example.org"\nsecret = "a"', "names of secrets"),
        ('host = "api.example.org"\nsecret = "A"', '"Authorization" twice'),
        ('host = "api.example.org:80"\nsecret = "A"', '"Authorization" twice'),
        ('host = "api.example.org"\nsecret = "A"\nheader = "X: y"', "the name of a header"),
        ('host = "api.example.org"\nsecret = "A"\nheader = "Host"', "that the proxy does not need"),
        ('host = "api.example.org"\nsecret = "A"\nheader = "Proxy-X"', "the proxy does not need"),
        ('host = "api.example.org"\nsecret = "A"\nprefix = "a\\r\\nX: "', "printable ASCII"),
        ('host = "api.example.org"\nsecret = "A"\nvalue = "x"', "a key nobody knows"),
    ],
)
def test_mistakes_are_named(line: str, why: str) -> None:
    text = TASK.replace("[[steps]]", f"[[keys]]\n{line}\n[[steps]]")
    with pytest.raises(DefinitionError) as caught:
        parse_task(text, "t")
    assert why in str(caught.value)


def test_what_is_no_list_of_tables_is_said() -> None:
    for wrong in ("keys = 3", 'keys = ["A"]', "[keys]\nhost = 1"):
        with pytest.raises(DefinitionError, match=r"tables \[\[keys\]\]"):
            parse_task(f'{wrong}\n[[steps]]\nname = "s"\nrun = "true"\n', "t")


def test_grants_of_a_policy() -> None:
    assert is_grant("A@example.org")
    assert is_grant("A@*.example.org:8443")
    for wrong in ("A", "@example.org", "a@example.org", "A@10.0.0.1", "A@b@example.org", ""):
        assert not is_grant(wrong), wrong
    bounds = ("A@*.example.org", "B@example.org")
    asked = ("A@x.example.org", "A@example.org", "B@x.example.org", "B@example.org", "C@a.org")
    assert within(asked, bounds) == ("A@x.example.org", "B@example.org")
    policy = parse_project('[keys]\nallow = ["A@Example.org"]\n')
    assert policy.keys_allow == ("A@example.org",)
    with pytest.raises(DefinitionError, match="secrets and the host each may go to"):
        parse_project('[keys]\nallow = ["A"]\n')
    rules = parse_rules('[defaults.keys]\nallow = ["A@example.org"]\n[projects."/p"]\nweight = 1\n')
    assert rules.of("/p").keys_allow == ("A@example.org",)
    assert parse_rules("[defaults]\nweight = 1\n").defaults.keys_allow is None


def _task(asked: ProjectPolicy | None, rules: ProjectRules | None = None) -> Task:
    task = Task("t", "/p", parse_task(TASK, "t"), ProjectPolicy(), 1, "c", "c", policy_asked=asked)
    return under(task, Rules(projects={"/p": rules or ProjectRules()}))


def test_what_counts_lies_inside_the_projects_and_the_users_policy() -> None:
    hosts = ("api.example.org", "a.more.org:8443")
    grants = ("API_TOKEN@api.example.org", "OTHER@*.more.org:8443")
    asked = ProjectPolicy(network_allow=("*.example.org", "*.more.org:8443"), keys_allow=grants)
    task = _task(asked)
    assert keys_of(task) == KEYS
    words = "secrets of yours sent with its tasks' requests: API_TOKEN to api.example.org, "
    assert words + "OTHER to *.more.org:8443" in task.policy_asks, "it needs trust"
    bound = ProjectRules(keys_allow=("OTHER@a.more.org:8443", "API_TOKEN@api.example.org"))
    task = _task(asked, bound)
    assert keys_of(task) == KEYS[:1], "no host more than the user grants"
    assert not [words for words in task.policy_asks if "secrets of yours" in words]
    lacking = ProjectPolicy(network_allow=("*.more.org:8443",), keys_allow=grants)
    assert keys_of(_task(lacking)) == KEYS[1:], "a host that is not reached gets no key"
    # A secret that tasks may be given is not thereby one that may be sent.
    assert keys_of(_task(ProjectPolicy(network_allow=hosts, secrets_allow=("OTHER",)))) == ()
    assert keys_of(_task(None)) == ()


def test_a_value_stands_in_no_text_of_a_key() -> None:
    key = key_of(KEYS[0], "s3cret-value-of-ann")
    assert key.words == "Bearer s3cret-value-of-ann"
    assert "s3cret" not in repr(Reach(keys=(key,)))
    assert Reach(keys=(key,)).keys_for("API.example.org.", 80) == (key,)
    assert Reach(keys=(key,)).keys_for("api.example.org", 443) == ()
    assert (key.port, key.tls_port) == (80, 443)
    other = key_of(KEYS[1], "value-of-it")
    assert (other.host, other.port, other.tls_port) == ("a.more.org", 8443, 8443)
