"""How many questions of an agent wait for a person, and what is asked all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clawdesk_guest.acp_person import Person, Reply
from clawdesk_guest.loop import Loop


def test_the_end_of_a_turn_is_asked_however_many_questions_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAWDESK_SOCKET", str(tmp_path / "nobody"))
    loop, told = Loop(), list[str]()
    person = Person(loop)

    def say(what: str) -> Callable[[Reply], None]:
        return lambda _: told.append(what)

    def end(_: Reply) -> None:
        told.append("its end")
        loop.stop()

    taken = [person.ask("?", [], say(f"question {n}"), key="k") for n in range(40)]
    assert taken == [True] * 32 + [False] * 8
    person.checkpoint("the agent has ended its turn", end, approve=True)
    loop.run()
    loop.close()
    assert told == [*(f"question {n}" for n in range(32)), "its end"]
