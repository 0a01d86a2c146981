"""A conversation as a task's log has it: model calls, their tools, output, and what is ours."""

from __future__ import annotations

from dataclasses import replace

from clawdesk.domain.model import Task
from clawdesk.domain.secrets import Veil
from clawdesk.domain.spending import NOTHING_SPENT, CallUse
from clawdesk.ports.guest import ModelCalled
from clawdesk.runtime.api import LogLine
from clawdesk.runtime.output import TaskOutput
from clawdesk.runtime.telling import model_lines

ASKED = "The test in test_calc.py fails. Mend calc.py so that it passes, and change nothing else."
FAILED = "Traceback (most recent call last):\n" + "".join(
    f'  File "/workspace/tests/test_calc.py", line {n}, in test_add_{n}\n    assert add({n}, 1) == '
    f"{n + 1}\n"
    for n in range(12)
)
TURNS = (
    (ASKED, "I look at the file first.", 'calls shell {"command": "cat calc.py"}'),
    (
        "def add(a, b):\n    return a - b",
        "The sign is wrong: `add` takes away. I replace it and run the test, which shows whether "
        "anything else depends on the old behaviour.",
        'calls shell {"command": "sed -i \'s/a - b/a + b/\' calc.py && python3 test_calc.py"}',
    ),
    (FAILED, "It adds now. The one failing test was mine to mend, and it passes.", ""),
)
PRINTED = ("$ cat calc.py\ndef add(a, b):\n    return a - b\n", f"$ python3 test_calc.py\n{FAILED}")
USE = CallUse("", "0.1", measured=True, tokens_in=1_204, tokens_out=86, model_ms=2_310, place="gpu")


def uses() -> tuple[CallUse, ...]:
    """What the calls of the conversation used."""
    made = replace(USE, gpu_ms=2_150, cost_micro=4_902, currency="EUR")
    return tuple(replace(made, name=f"c{number}") for number in range(len(TURNS)))


def spoken(now_ms: int) -> tuple[LogLine, ...]:
    """The log, made by what makes it."""
    output, at_ms = TaskOutput(), now_ms - 90_000
    output.begin("agent", 1)
    output.event(at_ms, "Machine ready after 612 ms (from a warm template, kvm).")
    output.event(at_ms, "Step 1, agent: python3 agent.py")
    for number, ((asked, said, tool), use) in enumerate(zip(TURNS, uses(), strict=True)):
        at_ms += 9_000
        answer = f"{said}\n{tool}".strip()
        called = ModelCalled(
            *("qwen3-32b", asked, answer, 200, 2_400.0, use.tokens_in, use.tokens_out, 0, (use,))
        )
        output.tell(at_ms, model_lines(called, at_ms, Veil(), brief=False))
        if number < len(PRINTED):
            output.feed(at_ms + 1_000, "out", PRINTED[number].encode())
    failed = ModelCalled("qwen3-32b", "", "queue full\n", 429, 5.0)
    output.tell(at_ms + 4_000, model_lines(failed, at_ms + 4_000, Veil(), brief=True))
    output.event(
        at_ms + 9_000, "Network: packages.example.org:443, 1,204 bytes sent, 88,112 received."
    )
    return output.after(0)


def with_spending(task: Task) -> Task:
    """The task, after these calls."""
    return replace(task, spending=NOTHING_SPENT.plus(uses(), lambda _: (0, "agent")))
