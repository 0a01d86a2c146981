"""An approval given on a summary: recorded as such, and not enough where the diff must be seen."""

from __future__ import annotations

import pytest

from clawdesk.domain import effects as do
from clawdesk.domain import events as ev
from clawdesk.domain.model import NOT_LOOKED_AT, Checkpoint, Phase, ProjectPolicy, Verdict
from clawdesk.domain.policy import look_needed
from clawdesk.domain.replacing import replace
from clawdesk.domain.replay import read, recover
from clawdesk.domain.rules import ProjectRules, Rules
from tests.sim.test_decisions import Story


class Looked(Story):
    """A story whose checkpoint's files were looked at."""

    look = ""

    def _checkpoint(self, e: do.TakeCheckpoint) -> Checkpoint:
        return replace(super()._checkpoint(e), look=self.look)

    def from_chat(self, verdict: Verdict, digest: str = "d1") -> None:
        intent = self._intent(verdict.value)
        given = ev.DecisionGiven(
            0, "T", "1", verdict, "ann", "openclaw", digest, "a note", "", intent, seen="summary"
        )
        self.post(given)
        self.commit()


class MakefileChanged(Looked):
    look = "Makefile would run on your machine after a merge."


def test_a_summary_is_recorded_as_what_was_seen() -> None:
    story = Looked()
    story.from_chat(Verdict.APPROVED)
    record = next(r for r in story.log if r.event == "decision")
    assert (record.fields["seen"], record.fields["channel"]) == ("summary", "openclaw")
    story.settle()
    assert story.state.tasks["T"].phase is Phase.DONE


@pytest.mark.parametrize("story", [MakefileChanged, Story])
def test_where_the_change_must_be_seen_a_summary_approves_nothing(story: type[Story]) -> None:
    told = story()
    Looked.from_chat(told, Verdict.APPROVED)  # type: ignore[arg-type]
    assert told.acks == {"i0": False}
    assert told.state.tasks["T"].phase is Phase.HELD
    told.answer(Verdict.APPROVED, fresh=True)
    told.settle()
    assert told.acks == {"i0": False, "i1": True}, "in the window it can be approved"


def test_a_rejection_needs_no_more_than_a_summary() -> None:
    story = MakefileChanged()
    story.from_chat(Verdict.REJECTED)
    assert story.acks == {"i0": True}


def test_a_stale_digest_is_refused_from_chat_too() -> None:
    story = Looked()
    story.from_chat(Verdict.APPROVED, digest="d0")
    assert story.acks == {"i0": False}


@pytest.mark.parametrize("chat", ["notify", "off"])
def test_the_users_policy_may_keep_approvals_out_of_chats(chat: str) -> None:
    story = Looked()
    rules = Rules(projects={"/p": ProjectRules(chat=chat)})
    story.post(ev.RulesChanged(0, rules, frozenset()))
    story.from_chat(Verdict.APPROVED)
    assert story.acks == {"i0": False}
    story.from_chat(Verdict.REJECTED)
    assert story.acks == {"i0": False, "i1": True}


def test_what_was_looked_at_is_known_after_a_restart() -> None:
    for kind, look in (
        (Looked, ""),
        (MakefileChanged, MakefileChanged.look),
        (Story, NOT_LOOKED_AT),
    ):
        request = recover(read(kind().log), None).task.request
        assert request is not None
        assert request.look == look
        again = recover(read(kind().log), None).task.checkpoint(1)
        assert again is not None
        assert again.look == look, "a way back to it asks again"


def test_which_files_need_the_change_to_be_seen() -> None:
    policy = ProjectPolicy(approval_paths=("src/**",))
    assert look_needed(("docs/a.md",), (), policy) == ""
    assert "src/**" in look_needed(("docs/a.md", "src/x/a.py"), (), policy)
    assert "ClawDesk itself" in look_needed((".clawdesk/tasks/a.toml",), (), policy)
    assert "ClawDesk itself" in look_needed((".CLAWDESK/tasks/a.toml",), (), policy)
    assert "run on your machine" in look_needed(("a/Makefile",), ("a/Makefile",), policy)
