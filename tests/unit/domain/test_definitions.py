"""Task and project files: what is read, and the one sentence each mistake gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clawdesk.domain.definitions import DefinitionError, parse_project, parse_task
from clawdesk.domain.model import (
    CheckpointMode,
    MachineNeed,
    PriorityClass,
    ProjectPolicy,
    StepSpec,
)
from clawdesk.domain.toml_lines import key_lines

STEP = '[[steps]]\nname = "a"\nrun = "true"\n'
ROOT = Path(__file__).resolve().parents[3]


def mistakes_of(text: str, name: str = "tidy") -> tuple[str, ...]:
    with pytest.raises(DefinitionError) as caught:
        parse_task(text, name)
    return caught.value.mistakes


def project_mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(DefinitionError) as caught:
        parse_project(text)
    return caught.value.mistakes


def test_everything_a_task_file_may_say() -> None:
    definition = parse_task(
        'title = "Tidy the notes"\ndescription = """two\nlines"""\npriority = 2\n'
        '[machine]\nimage = "base"\ncpu_count = 2\nmemory_mib = 768\ndisk_mib = 4096\n'
        'network = ["Pypi.Example"]\n'
        '[models]\ndefault = "smollm2-135m"\n'
        '[[steps]]\nname = "survey"\nrun = "python3 s.py"\ntimeout_s = 600\n'
        '[[steps]]\nname = "rewrite"\nrun = "python3 r.py"\ncheckpoint = "approve"\n',
        "tidy-notes",
    )
    assert definition.name == "tidy-notes"
    assert definition.title == "Tidy the notes"
    assert definition.description == "two\nlines"
    assert definition.priority == 2
    assert definition.model == "smollm2-135m"
    assert definition.machine == MachineNeed("base", 2, 768, 4096, ("pypi.example",))
    assert definition.steps == (
        StepSpec("survey", "python3 s.py", 600),
        StepSpec("rewrite", "python3 r.py", checkpoint=CheckpointMode.APPROVE),
    )


def test_defaults_are_the_documented_ones() -> None:
    definition = parse_task(STEP, "tidy")
    assert definition.title == "tidy"
    assert definition.machine == MachineNeed()
    assert definition.steps == (StepSpec("a", "true", 3600, CheckpointMode.AUTO),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "priority = 9\n" + STEP,
            ":1: priority: found 9; allowed: a whole number from -5 to 5",
        ),
        (
            '# c\ntitel = "x"\n' + STEP,
            ":2: titel: found a key nobody knows; allowed: title, description, priority, machine, "
            "models, secrets, steps",
        ),
        (
            STEP + "every_calls = 2\n",
            ':4: steps[1].every_calls: found 2; allowed: only with checkpoint = "model-call"',
        ),
        (
            STEP + 'checkpoint = "model-call"\nevery_calls = 0\n',
            ":5: steps[1].every_calls: found 0, without every_s or when_changed; "
            "allowed: 1 to 100000",
        ),
        (
            STEP + 'checkpoint = "model-call"\nwhen_changed = 1\n',
            ":5: steps[1].when_changed: found 1; allowed: true or false",
        ),
        (
            STEP + "when_changed = true\n",
            ':4: steps[1].when_changed: found True; allowed: only with checkpoint = "model-call"',
        ),
        (
            STEP + 'checkpoint = "perhaps"\n',
            ':4: steps[1].checkpoint: found "perhaps"; '
            'allowed: "auto", "model-call", "approve", "none"',
        ),
        (
            STEP + "\n[[steps]]\nname = 'b'\n",
            ":5: steps[2].run: found nothing; allowed: text, 1 to 16384 characters",
        ),
        (
            '[[steps]]\nname = "a"\nrun = "x\\u0000y"\n',
            ":3: steps[1].run: found 'x\\x00y'; allowed: text without NUL, 1 to 16384 characters",
        ),
        (STEP + STEP, ':5: steps[2].name: found "a" twice; allowed: each name once'),
        ("title = 'x'\n", ":1: steps: found nothing; allowed: 1 to 100 tables [[steps]]"),
        (
            STEP + '[agent]\nkind = "command"\nprompt = "p"\nrun = "r"\n',
            ":4: agent: found [agent] beside [[steps]]; allowed: one of the two",
        ),
        (
            STEP + '[machine]\nnetwork = ["10.0.0.1"]\n',
            ':5: machine.network: found "10.0.0.1"; allowed: names of hosts, e.g. ["example.org", '
            '"*.example.org", "example.org:8443"]',
        ),
        (
            STEP + "[machine]\nmemory_mib = true\n",
            ":5: machine.memory_mib: found True; allowed: a whole number from 128 to 1048576",
        ),
        ("machine = 3\n" + STEP, ":1: machine: found 3; allowed: a table [machine]"),
        (
            'title = "a\\nb"\n' + STEP,
            ":1: title: found 'a\\nb'; allowed: one line of text, 1 to 200 characters",
        ),
        ("title = \n", ":1: not valid TOML: Invalid value"),
        ("title = 'x", ":1: not valid TOML: "),
    ],
)
def test_a_mistake_names_file_line_key_found_and_allowed(text: str, expected: str) -> None:
    (mistake,) = mistakes_of(text)
    assert mistake.startswith(".clawdesk/tasks/tidy.toml" + expected)


def test_every_mistake_is_told_in_the_order_of_the_file() -> None:
    found = mistakes_of("priority = 9\nfoo = 1\n" + STEP + "timeout_s = 0\n[models]\nx = 1\n")
    assert [mistake.split(":")[1] for mistake in found] == ["1", "2", "6", "8"]


def test_the_name_of_the_file_is_checked() -> None:
    (mistake,) = mistakes_of(STEP, "a b")
    assert "the file's name is" in mistake


def test_everything_a_project_file_may_say() -> None:
    assert parse_project("") == ProjectPolicy()
    policy = parse_project(
        "weight = 2\npriority_min = -3\npriority_max = 4\n"
        '[approval]\npaths = ["src/**"]\non_timeout = "reject"\ntimeout_s = 60\n'
        '[priority]\ndefault_class = "batch"\ncheckpoint_every_s = 30\n'
        '[network]\nallow = ["a.example", "*.b.example:22"]\n[peers]\nuse = "trusted"\n'
    )
    assert policy == ProjectPolicy(
        weight=2.0,
        priority_min=-3,
        priority_max=4,
        approval_paths=("src/**",),
        on_timeout="reject",
        timeout_s=60,
        default_class=PriorityClass.BATCH,
        checkpoint_every_s=30,
        network_allow=("a.example", "*.b.example:22"),
        peers="trusted",
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weight = 0\n", ":1: weight: found 0; allowed: a number from 0.01 to 100"),
        ("[approval]\non_timeout = 'go'\n", ':2: approval.on_timeout: found "go"; allowed: "hold"'),
        ("[approval]\npaths = 'src'\n", ':2: approval.paths: found "src"; allowed: a list'),
        ("[budget]\ntokens = 1\n", ":2: budget.tokens: found 1; allowed: no [budget]; it comes"),
        ("[peers]\nuse = 'all'\n", ':2: peers.use: found "all"; allowed: "never", "trusted"'),
        ("[network]\nallow = ['*']\n", ':2: network.allow: found "*"; allowed: names of hosts'),
        (
            "[budget]\ngpu_hours = nan\n",
            ":2: budget.gpu_hours: found nan; allowed: a number from 0",
        ),
        ("weight = nan\n", ":1: weight: found nan; allowed: a number from 0.01 to 100"),
        ("weight = inf\n", ":1: weight: found inf; allowed: a number from 0.01 to 100"),
        ("weight = -inf\n", ":1: weight: found -inf; allowed: a number from 0.01 to 100"),
        ("priority_max = 1e3\n", ":1: priority_max: found 1000.0; allowed: a whole number"),
        ("priority_max = 0x" + "f" * 9000, ":1: priority_max: found a number of thousands of"),
        ("priority_max = " + "9" * 9000, ":1: not valid TOML: "),
        ("[approval]\ntimeout_s = -1\n", ":2: approval.timeout_s: found -1; allowed: a whole"),
        ("[priority]\ndefault_class = 'root'\n", ':2: priority.default_class: found "root"; al'),
        ("[priority]\ncheckpoint_every_s = 0\n", ":2: priority.checkpoint_every_s: found 0; all"),
        ("robots = 1\n", ":1: robots: found a key nobody knows"),
        ("[agents]\npermissions = 'yes'\n", ':2: agents.permissions: found "yes"; allowed: "reje'),
        ("priority_min = 5\npriority_max = 1\n", ":1: priority_min: found 5, above priority_max"),
    ],
)
def test_mistakes_of_a_project_file(text: str, expected: str) -> None:
    (mistake,) = project_mistakes(text)
    assert mistake.startswith(".clawdesk/project.toml" + expected)


def test_lines_behind_strings_that_look_like_keys() -> None:
    text = (
        'a = """\n[b]\nc = 1\n"""\n"quoted key" = { x = 1, y = [\n 1,\n 2 ] }\n'
        "d.e = 'it''s'\n".replace("''", "")
        + "[[f]]\ng = 1 # [h]\n[[f]]\ng = [ # ]\n  ']',\n]\n[f.sub]\nk = 1\n"
    )
    lines = key_lines(text)
    assert lines["a",] == 1
    assert lines["quoted key",] == 5
    assert lines["d", "e"] == 8
    assert lines["f", 0, "g"] == 10
    assert lines["f", 1, "g"] == 12
    assert lines["f", 1, "sub", "k"] == 16
    assert ("b",) not in lines
    assert ("h",) not in lines


@given(st.text(alphabet="[]{}=\"'#.\n ab1\\", max_size=60))
def test_no_text_breaks_the_scanner(text: str) -> None:
    key_lines(text)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_mistakes(text: str) -> None:
    for parse in (lambda: parse_task(text, "tidy"), lambda: parse_project(text)):
        try:
            parse()
        except DefinitionError as error:
            assert error.mistakes  # noqa: PT017 - either outcome is right


def test_the_files_of_the_sample_project_are_valid() -> None:
    files = sorted((ROOT / "resources/demo/.clawdesk/tasks").glob("*.toml"))
    assert files
    for file in files:
        parse_task(file.read_text("utf-8"), file.stem)


def test_model_calls_as_boundaries() -> None:
    turns = STEP + 'checkpoint = "model-call"\n'
    each = parse_task(turns, "t").steps[0]
    assert (each.checkpoint, each.every_calls, each.every_s) == (CheckpointMode.MODEL_CALL, 1, 0)
    timed = parse_task(turns + "every_s = 300\n", "t").steps[0]
    assert (timed.every_calls, timed.every_s) == (0, 300)
    both = parse_task(turns + "every_calls = 10\nevery_s = 300\n", "t").steps[0]
    assert (both.every_calls, both.every_s) == (10, 300)
    assert not each.when_changed
    changed = parse_task(turns + "when_changed = true\n", "t").steps[0]
    assert (changed.every_calls, changed.every_s, changed.when_changed) == (0, 0, True)
    more = parse_task(turns + "every_calls = 10\nwhen_changed = true\n", "t").steps[0]
    assert (more.every_calls, more.when_changed) == (10, True)
