"""An agent that speaks ACP, made with the official package, mends a bug in a real machine.

What it asks to be allowed is asked of a person; its model is a scripted one behind the Fabric.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stories.preemption import App, files_of
from tests.support.acp_project import AGENTS, acp_project
from tests.support.mirrors import cli_with_layers, python_hosts
from tests.support.real_cli import RealCli
from tests.support.scripted_model import BUG, COMMANDS, ScriptedModel, behind_the_fabric

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
MENDED = BUG.replace("-", "+")
BUILD_S = 1500.0
"""An image layer that has to be built first, on a slow machine without KVM."""
HEADLESS = ("--headless", "--json", "--approve", "all")
NOTE = "echo mended > NOTES"
POLICY = "[host]\nmachines_max = 1\n[priority]\nrun_s_min = 1\n"
ALLOWED = '[defaults.agents]\npermissions = "allow"\n'
THIRD = "before model call 3"
ALLOW = ("--answer", "permission=Allow")


@pytest.fixture(scope="module")
def cli() -> Iterator[RealCli]:
    with cli_with_layers(python_hosts()) as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return acp_project(tmp_path / "calc")


@pytest.fixture
def model(cli: RealCli, project: Path) -> Iterator[ScriptedModel]:
    with behind_the_fabric(cli, project, (*COMMANDS, NOTE, "exit")) as found:
        yield found


def said(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def named(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: bool(event["event"] == name)


def assert_mended(project: Path, task: str) -> None:
    assert files_of(project, task, "calc.py")["calc.py"] == MENDED


def test_straight_through_then_forked_at_a_call_and_back_to_the_permission(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    app = App(cli.start("run", str(project), "mend", *HEADLESS, *ALLOW))
    task = app.end(BUILD_S)["task"]
    events = app.events
    reached = said(events, "checkpoint_reached")
    assert [event["message"] for event in reached] == [
        "before model call 2",
        "",  # at the request for permission
        "before model call 3",
        "before model call 4",
        "the agent has ended its turn",
        "",  # the step's end
    ]
    assert not any(event["files_only"] for event in reached)
    # Its plan: what it works at is what its step is called.
    assert [event["name"] for event in said(events, "part_started")] == ["look", "mend"]
    assert [event["step"] for event in reached] == ["look", *["mend"] * 5]
    (asked,) = said(events, "clarification_requested")
    assert (asked["key"], asked["choices"]) == ("permission", ["Allow", "Reject"])
    assert asked["question"].startswith(f"The agent asks to be allowed: {COMMANDS[1]}")
    assert model.turns() == [0, 1, 2, 3]
    assert_mended(project, task)
    log = cli.run("log", task).stdout
    for line in (
        "[session] with Mender 1.2",
        "[you] The test fails. Mend it.",
        f"[permission] {COMMANDS[1]}: Allow (by you)",
        "[model] scripted answered, 20",
        "[agent] It is mended.",
        "[turn] ended: end_turn; tokens: 120 in, 30 out",
    ):
        assert line in log
    # Beside it, from the memory it had before its third call: no other call is made again.
    cli.run("fork", task, "3")
    events = cli.events(cli.run("run", str(project), "--resume", *HEADLESS).stdout)
    (ended,) = said(events, "task_finished")
    assert ended["task"] != task
    assert model.turns() == [0, 1, 2, 3, 2, 3]
    assert model.asked[4] == model.asked[2]
    assert_mended(project, ended["task"])
    # Back to where it asked: the same process is told no this time, and does not mend.
    cli.run("restore", task, "2")
    cli.run("run", str(project), "--resume", *HEADLESS, "--answer", "permission=Reject")
    assert files_of(project, task, "calc.py")["calc.py"] == BUG
    assert model.turns() == [0, 1, 2, 3, 2, 3, 2, 3]
    assert "does not want this" in model.asked[-1][-3]["content"]


def test_the_app_is_killed_while_it_asks_and_between_two_calls(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    first = App(cli.start("run", str(project), "mend", *HEADLESS[:2]))
    asked = first.wait_for("a permission", named("clarification_requested"), BUILD_S)
    first.kill()
    second = App(cli.start("run", str(project), "--resume", *HEADLESS, *ALLOW))
    second.wait_for(
        "a later call", lambda e: e["event"] == "checkpoint_reached" and e["ordinal"] > 2
    )
    second.kill()
    cli.run("run", str(project), "--resume", *HEADLESS, *ALLOW)
    # A call of which no byte had come back is made again; no other is.
    turns = model.turns()
    assert sorted(set(turns)) == [0, 1, 2, 3]
    assert turns == sorted(turns)
    assert len(turns) <= 6
    assert_mended(project, asked["task"])


def test_an_ended_agent_is_prompted_again_in_the_session_it_had(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    app = App(cli.start("run", str(project), "mend", *HEADLESS, *ALLOW))
    task = app.end(BUILD_S)["task"]
    told = cli.run("prompt", task, "Leave a note.")
    assert told.stdout == "The agent gets your prompt.\n"
    cli.run("run", str(project), "--resume", *HEADLESS, *ALLOW)
    files = files_of(project, task, "calc.py", "NOTES")
    assert files == {"calc.py": MENDED, "NOTES": "mended\n"}
    prompts = [m["content"] for m in model.asked[-1] if m["role"] == "user"]
    assert prompts[0] == "The test fails. Mend it.", "its memory came back"
    assert "Leave a note." in prompts
    assert model.turns() == [0, 1, 2, 3, 4, 5]
    assert "[you] Leave a note." in cli.run("log", task).stdout


def test_what_it_asks_to_be_allowed_is_answered_by_policy_and_its_form_by_a_person(
    cli: RealCli, tmp_path: Path
) -> None:
    """The same question, three policies: the task's inside the project's inside the user's."""
    project = acp_project(tmp_path / "calc", AGENTS)
    commands = ("cat calc.py", "ask Which sign?", COMMANDS[1], "exit")
    policy = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk" / "policy.toml"
    usual = policy.read_text()
    with behind_the_fabric(cli, project, commands) as model:
        try:
            policy.write_text(usual + ALLOWED)
            task = assert_asked_for_a_sign_alone(cli, project, "trusting")
            assert f"[permission] {COMMANDS[1]}: Allow (by policy)" in cli.run("log", task).stdout
            assert_mended(project, task)
            # What it was told went on to its model, in the words of the person.
            assert model.asked[2][-1] == {"role": "user", "content": "The user says: plus"}
            task = assert_asked_for_a_sign_alone(cli, project, "forbidding")
            assert f"[permission] {COMMANDS[1]}: Reject (by policy)" in cli.run("log", task).stdout
            assert files_of(project, task, "calc.py")["calc.py"] == BUG
        finally:
            policy.write_text(usual)


def assert_asked_for_a_sign_alone(cli: RealCli, project: Path, name: str) -> str:
    """Run a task in which only the agent's form reaches the person; its id."""
    app = App(cli.start("run", str(project), name, *HEADLESS, "--answer", "question=plus"))
    task = str(app.end(BUILD_S)["task"])
    (asked,) = said(app.events, "clarification_requested")
    assert (asked["key"], asked["choices"]) == ("question", ["plus", "minus"])
    assert asked["question"] == "Which sign?"
    return task


def test_an_agent_held_for_approval_is_prompted_in_the_session_it_has(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    person, theirs = os.openpty()  # without a terminal the app would not stay while it waits
    app = App(cli.start("run", str(project), "watched", *HEADLESS[:2], *ALLOW, stdin=theirs))
    asked = app.wait_for("its approval", named("approval_requested"), BUILD_S)
    task = asked["task"]
    told = cli.run("prompt", task, "Leave a note.").stdout
    assert told == "The agent gets your prompt.\n"
    os.write(person, b"yes\n")  # to what was asked before the prompt: no word on what came after
    app.wait_for(
        "its approval again",
        lambda e: e["event"] == "approval_requested" and e["ordinal"] > asked["ordinal"],
    )
    files = files_of(project, task, "calc.py", "NOTES")
    assert files == {"calc.py": MENDED, "NOTES": "mended\n"}
    os.write(person, b"yes\n")
    app.end(BUILD_S)
    for end in (person, theirs):
        os.close(end)
    prompts = [m["content"] for m in model.asked[-1] if m["role"] == "user"]
    assert prompts[0] == "The test fails. Mend it.", "its memory is what it was"
    assert "Leave a note." in prompts
    assert model.turns() == [0, 1, 2, 3, 4, 5], "nothing was done twice"
    log = cli.run("log", task).stdout
    assert log.count("[session] with Mender") == 1
    assert "[you] Leave a note." in log


def test_it_is_pre_empted_between_two_calls_and_goes_on(
    cli: RealCli, project: Path, model: ScriptedModel
) -> None:
    policy = Path(cli.environment["XDG_CONFIG_HOME"]) / "clawdesk" / "policy.toml"
    usual = policy.read_text()
    policy.write_text(usual + POLICY)
    try:
        gate = model.gates[2] = threading.Event()
        app = App(cli.start("run", str(project), "mend", *HEADLESS, *ALLOW))
        # The call after this checkpoint is under way while the other task arrives.
        reached = app.wait_for("a call", lambda e: e.get("message") == THIRD, BUILD_S)
        cli.run("submit", str(project), "urgent")
        gate.set()
        app.wait_for("its leaving", named("task_yielded"))
        app.wait_for(
            "its end",
            lambda e: e["event"] == "task_finished" and e["task"] == reached["task"],
        )
        app.close()
    finally:
        policy.write_text(usual)
    assert model.turns() == [0, 1, 2, 3]
    assert_mended(project, reached["task"])
