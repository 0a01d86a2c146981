"""`--prompt` at the command line: what goes together, where the text comes from, which model."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from typing import Any

import pytest

from clawdesk.cli.main import _parser
from clawdesk.cli.typed import BYTES_MAX, check, process_of
from clawdesk.domain.from_prompt import TaskPrompt
from clawdesk.ports.errors import PortError
from clawdesk.ports.inference import FabricStatus
from clawdesk.ports.models import Model
from clawdesk.runtime.api import Environment

OWN = ("--agent", "command", "--run", "python3 agent.py")


class Plane:
    """Knows the models it is given, once it has looked."""

    def __init__(self, *models: Model) -> None:
        self.environment = Environment()
        self._models = models

    async def check_environment(self) -> Environment:
        status = FabricStatus(True, "1", models=self._models)
        return replace(self.environment, fabric=status)


def options(*arguments: str, command: str = "run") -> Any:
    return _parser().parse_args([command, "/p", *arguments])


async def typed(*arguments: str, models: tuple[Model, ...] = ()) -> str | TaskPrompt:
    return await process_of(Plane(*models), options(*arguments))  # type: ignore[arg-type]


def given(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    "arguments",
    [(), ("a", "--prompt", "p"), ("a", "--agent", "acp"), ("a", "--model", "m"), ("--run", "r")],
)
@pytest.mark.parametrize("command", ["run", "submit"])
def test_what_does_not_go_together(command: str, arguments: tuple[str, ...]) -> None:
    with pytest.raises(PortError) as refused:
        check(options(*arguments, command=command))
    assert refused.value.code == "usage"


def test_one_of_the_three_is_enough() -> None:
    check(options("a"))
    check(options("--prompt", "p"))
    resumed = options("--resume")
    check(resumed, resumed.resume)
    with pytest.raises(PortError, match="--resume"):
        check(options("--resume", "--prompt", "p"), True)


async def test_a_name_stays_a_name() -> None:
    assert await typed("tidy") == "tidy"


async def test_the_text_comes_from_the_command_or_from_standard_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await typed("--prompt", "p", *OWN) == TaskPrompt("p", "command", "python3 agent.py")
    given(monkeypatch, "Mend it.\n\u00e4\n".encode())
    asked = await typed("--prompt", "-", *OWN)
    assert isinstance(asked, TaskPrompt)
    assert asked.prompt == "Mend it.\n\u00e4\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The prompt is empty"),
        (b"\xff", "no UTF-8 text"),
        (b"a\0b", r"U\+0000"),
        (b"x" * 10 * BYTES_MAX, "at most 8,000"),
    ],
)
async def test_what_is_not_taken_is_said_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    given(monkeypatch, content)
    with pytest.raises(PortError, match=says) as refused:
        await typed("--prompt", "-", *OWN)
    assert refused.value.code == "usage"


async def test_half_a_character_of_the_command_line_is_no_text() -> None:
    with pytest.raises(PortError, match=r"U\+DCFF"):
        await typed("--prompt", "a\udcff", *OWN)


async def test_the_only_model_is_taken_and_of_several_none() -> None:
    one = await typed("--prompt", "p", models=(Model("m"), Model("bad", problem="gone")))
    assert one == TaskPrompt("p", "mini-swe-agent", "", "m")
    with pytest.raises(PortError, match="there are a, b") as refused:
        await typed("--prompt", "p", models=(Model("a"), Model("b")))
    assert "--model" in refused.value.mend
    with pytest.raises(PortError, match="none can be had now"):
        await typed("--prompt", "p")
    named = await typed("--prompt", "p", "--model", "b", models=(Model("a"), Model("b")))
    assert isinstance(named, TaskPrompt)
    assert named.model == "b"
