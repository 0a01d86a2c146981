"""`[agent]` in a task file: what it may say, the step it becomes, what its shell is given."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from clawdesk.domain.agents import KINDS, PROMPT_FILE, env_of, prompt_of, prompted, shell_of
from clawdesk.domain.definitions import DefinitionError, parse_project, parse_task
from clawdesk.domain.model import AgentSpec, CheckpointMode, Task, TaskDefinition
from clawdesk.domain.policy import asks, permissions, under
from clawdesk.domain.rules import ProjectRules, Rules
from clawdesk.domain.values import as_fields, from_fields

OWN = '[agent]\nkind = "command"\nprompt = "Mend it."\nrun = "python3 agent.py"\n'
ACP = OWN.replace("command", "acp").replace("python3 agent.py", "an-agent --acp")
MINI = '[models]\ndefault = "m"\n[agent]\nkind = "mini-swe-agent"\nprompt = "Mend it."\n'


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(DefinitionError) as caught:
        parse_task(text, "mend")
    return caught.value.mistakes


def test_an_agent_is_one_step_whose_model_calls_are_boundaries() -> None:
    definition = parse_task(OWN, "mend")
    assert definition.agent == AgentSpec("command", "Mend it.", "python3 agent.py")
    (step,) = definition.steps
    assert (step.name, step.run) == ("agent", "python3 agent.py")
    assert (step.checkpoint, step.every_calls) == (CheckpointMode.MODEL_CALL, 1)


def test_its_pace_is_that_of_a_step() -> None:
    (step,) = parse_task(OWN + "every_calls = 10\nevery_s = 60\ntimeout_s = 5\n", "mend").steps
    assert (step.every_calls, step.every_s, step.timeout_s) == (10, 60, 5)
    (step,) = parse_task(OWN + 'checkpoint = "approve"\n', "mend").steps
    assert (step.checkpoint, step.at_calls) == (CheckpointMode.APPROVE, False)
    both = 'checkpoint = "approve"\nwhen_changed = true\n'
    (step,) = parse_task(OWN + both, "mend").steps
    assert (step.checkpoint, step.when_changed) == (CheckpointMode.APPROVE, True)
    assert (step.at_calls, step.every_calls) == (True, 0)


def test_a_kind_of_the_catalog_brings_its_command() -> None:
    definition = parse_task(MINI, "mend")
    assert definition.steps[0].run.startswith("mini --yolo")
    assert from_fields(as_fields(definition), TaskDefinition) == definition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[agent]\nprompt = "p"\nrun = "r"\n', ":1: agent.kind: found nothing; allowed: "),
        (OWN.replace("command", "robot"), ':2: agent.kind: found "robot"; allowed: "command"'),
        ('[agent]\nkind = "command"\nrun = "r"\n', ":1: agent.prompt: found nothing; allowed: t"),
        ('[agent]\nkind = "command"\nprompt = "p"\n', ":1: agent.run: found nothing; allowed: t"),
        (OWN + "model = 'm'\n", ":5: agent.model: found a key nobody knows; allowed: kind, prompt"),
        (MINI + "run = 'r'\n", ":6: agent.run: found a command; allowed: none: "),
        (MINI.replace('default = "m"', ""), ":4: agent.kind: found no model; allowed: the name"),
        ("agent = 3\n", ":1: agent: found 3; allowed: a table [agent]"),
        (OWN + "checkpoint = 'auto'\nevery_calls = 3\n", ":6: agent.every_calls: found 3; allow"),
    ],
)
def test_mistakes(text: str, expected: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.startswith(".clawdesk/tasks/mend.toml" + expected)


def test_a_person_may_tell_it_something_else() -> None:
    definition = parse_task(OWN, "mend")
    other, rest = prompted(definition, {"CLAWDESK_PROMPT": "Mend that.", "A": "1"})
    assert other.agent == AgentSpec("command", "Mend that.", "python3 agent.py")
    assert rest == {"A": "1"}
    assert prompted(definition, {"CLAWDESK_PROMPT": " "}) == (definition, {})
    steps = parse_task('[[steps]]\nname = "a"\nrun = "r"\n', "t")
    assert prompted(steps, {"CLAWDESK_PROMPT": "p"}) == (steps, {"CLAWDESK_PROMPT": "p"})


def test_what_was_said_comes_before_the_prompt() -> None:
    agent = AgentSpec("command", "Mend it.", "true")
    assert prompt_of(agent, "") == "Mend it."
    again = prompt_of(agent, "The test still fails.")
    assert again.index("The test still fails.") < again.index("Mend it.")


def test_the_shell_has_the_prompt_in_a_file_and_a_variable(tmp_path: Path) -> None:
    hostile = "Say 'hi' to \"$HOME\" `id` $(id)\n--help; \\ end"
    agent = AgentSpec("command", hostile, "true")
    place = tmp_path / "prompt"
    shell = shell_of(agent, 'cat "$CLAWDESK_PROMPT_FILE"; printf %s "$CLAWDESK_PROMPT"', "")
    shell = shell.replace(PROMPT_FILE, str(place))
    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout == f"{hostile}\n{hostile}"


def test_the_longest_prompt_and_feedback_fit_on_a_command_line() -> None:
    agent = AgentSpec("command", "'" * 8_000, "r" * 16_384)
    # Linux takes 128 KiB in one argument, and so does the channel in one command.
    assert len(shell_of(agent, agent.run, "'" * 100_000).encode()) < 128 << 10
    assert (
        len(shell_of(AgentSpec("command", "€" * 8_000, "r"), "r", "€" * 9_000).encode()) < 1 << 17
    )


def test_every_kind_of_the_catalog_is_whole() -> None:
    for kind in KINDS.values():
        assert kind.title
        assert kind.about.endswith(".")
        assert bool(kind.run) != kind.asks_run


def test_every_kind_of_the_catalog_has_a_page() -> None:
    guide = Path(__file__).parents[3] / "docs/guide"
    overview = (guide / "agents.md").read_text()
    for kind in KINDS:
        assert f"[`{kind}`](agent-{kind}.md)" in overview
        assert f'kind = "{kind}"' in (guide / f"agent-{kind}.md").read_text()


def test_an_acp_agent_is_run_by_its_client() -> None:
    definition = parse_task(ACP + 'permissions = "allow"\ncheckpoint = "approve"\n', "mend")
    agent = definition.agent
    assert agent == AgentSpec("acp", "Mend it.", "an-agent --acp", "allow")
    assert definition.steps[0].run == "an-agent --acp"
    assert shell_of(agent, agent.run, "").endswith('\nexec claw acp "$CLAWDESK_AGENT"')
    assert env_of(definition, "ask") == {
        "CLAWDESK_AGENT": "an-agent --acp",
        "CLAWDESK_PERMISSIONS": "ask",
        "CLAWDESK_APPROVE": "1",
    }
    assert env_of(parse_task(OWN, "mend"), "ask") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OWN + "permissions = 'ask'\n", ":5: agent.permissions: found a rule; allowed: none: "),
        (ACP + "permissions = 'yes'\n", ':5: agent.permissions: found "yes"; allowed: "reject"'),
    ],
)
def test_permissions_that_make_no_sense(text: str, expected: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.startswith(".clawdesk/tasks/mend.toml" + expected)


@pytest.mark.parametrize(
    ("task", "project", "user", "counts"),
    [
        ("ask", "", None, "ask"),
        ("allow", "", None, "ask"),
        ("allow", "allow", None, "allow"),
        ("allow", "allow", "ask", "ask"),
        ("allow", "allow", "allow", "allow"),
        ("ask", "allow", None, "ask"),
        ("ask", "reject", "allow", "reject"),
        ("allow", "allow", "reject", "reject"),
    ],
)
def test_permissions_are_bounded_by_the_project_and_that_by_the_user(
    task: str, project: str, user: str | None, counts: str
) -> None:
    text = f"[agents]\npermissions = '{project}'\n" if project else ""
    asked, rules = parse_project(text), Rules(defaults=ProjectRules(permissions=user))
    submitted = Task(
        "T",
        "/p",
        parse_task(ACP + f'permissions = "{task}"\n', "mend"),
        asked,
        submitted_at_ms=0,
        base_commit="b",
        start_commit="b",
        policy_asked=asked,
    )
    assert permissions(under(submitted, rules)) == counts
    bare = replace(submitted, policy_asked=None)
    assert permissions(under(bare, rules)) != "allow", "what nobody bounded grants nothing"
    words = "its agents get every permission they ask for, and you are not asked"
    wants_trust = project == "allow" and user is None
    assert asks(asked, rules.of("/p")) == ((words,) if wants_trust else ())
