"""The channel's book: when a card is raised again, and which answer goes to the plane."""

from __future__ import annotations

from clawdesk.domain.channel import model as m
from clawdesk.domain.channel import rhythm
from clawdesk.domain.channel.book import RAISES_A_MINUTE, UP_MAX, Book
from clawdesk.domain.model import Kind

MINUTE, HOUR = rhythm.MINUTE_MS, rhythm.HOUR_MS
ASK = m.Ask("T", "r1", Kind.APPROVE, "d" * 64, may_approve=True)


class Desk:
    """A book whose gateway takes every card and answers nothing by itself."""

    def __init__(self, *asks: m.Ask) -> None:
        self.book, self.now_ms, self.cards = Book(), 0, 0
        self.effects: list[m.Effect] = []
        self.quiet = False
        self.raised: list[tuple[int, m.Raise]] = []
        self.take(m.Online(0, 1))
        self.take(m.Found(0, 1, 0, (), ()))
        for ask in asks:
            self.take(m.Asked(0, ask))

    def take(self, event: m.Event) -> list[m.Effect]:
        found = list(self.book.take(event))
        self.effects += found
        for effect in found:
            if isinstance(effect, m.Raise):
                self.cards += 1
                self.raised.append((self.now_ms, effect))
                up = m.Raised(f"c{self.cards}", "chat", rhythm.LASTS_MS[effect.form])
                mark = effect.ask.mark
                self.take(m.CardRaised(self.now_ms, mark, effect.form, effect.number, up))
            elif isinstance(effect, m.Look):
                self.take(m.Found(self.now_ms, effect.connection, self.now_ms - 1, self.up(), ()))
        return found

    def up(self) -> tuple[m.Standing, ...]:
        found = []
        for number, (at_ms, effect) in enumerate(self.raised, 1):
            left_ms = at_ms + rhythm.LASTS_MS[effect.form] - self.now_ms
            if left_ms > 0:
                found.append(m.Standing(f"c{number}", effect.ask.mark, effect.form, left_ms))
        return tuple(found)

    def wait(self, ms: int) -> None:
        ends_ms = self.now_ms + ms
        while self.now_ms < ends_ms:
            self.now_ms += 10_000
            self.take(m.Passed(self.now_ms, self.quiet))

    def approvals_min(self) -> list[int]:
        return [at // MINUTE for at, e in self.raised if e.form is m.Form.APPROVAL]

    def hear(
        self,
        card: str,
        answer: m.Answer,
        form: m.Form = m.Form.APPROVAL,
        text: str = "",
        by: str = "",
    ) -> None:
        self.take(m.Heard(self.now_ms, m.Word(card, ASK.mark, form, answer, text, by)))

    def decided(self) -> list[m.Decide]:
        return [effect for effect in self.effects if isinstance(effect, m.Decide)]

    def told(self) -> list[str]:
        return [effect.text for effect in self.effects if isinstance(effect, m.Tell)]


def test_it_is_raised_before_it_ends_three_times_then_ever_more_rarely() -> None:
    desk = Desk(ASK)
    desk.wait(18 * HOUR)
    first = desk.approvals_min()[:4]
    assert first == [0, 9, 19, 28]
    gaps = [b - a for a, b in zip(desk.approvals_min()[3:], desk.approvals_min()[4:], strict=False)]
    assert gaps == [60, 120, 240, 480]


def test_quiet_hours_hold_back_the_slow_ones_only() -> None:
    desk = Desk(ASK)
    desk.quiet = True
    desk.wait(8 * HOUR)
    assert len(desk.approvals_min()) == 4
    desk.quiet = False
    desk.wait(10_000)
    assert len(desk.approvals_min()) == 5
    night = rhythm.Quiet()
    assert [night.holds(hour * 60) for hour in (21, 22, 3, 6, 7)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not rhythm.Quiet(60, 60).holds(60)


def test_the_first_answer_goes_to_the_plane_and_the_second_is_told() -> None:
    desk = Desk(ASK)
    desk.hear("c1", m.Answer.APPROVED, by="ann")
    desk.hear("c1", m.Answer.APPROVED, by="ann")
    desk.hear("c2", m.Answer.TEXT, m.Form.QUESTION, text="no, shorter", by="ben")
    assert [(d.answer, d.by) for d in desk.decided()] == [(m.Answer.APPROVED, "ann")]
    assert desk.told() == ["ben answered too; ann was first."]
    key = desk.decided()[0].key
    desk.take(m.Obeyed(0, "r1", key, True, "Approved."))
    desk.take(m.Settled(0, "r1", True, "It was approved by ann via openclaw before."))
    desk.hear("c9", m.Answer.REJECTED, by="eve")
    assert "too late" in desk.told()[-1]
    assert len(desk.decided()) == 1


def test_how_far_a_request_came_is_said_only_when_it_has_come_there() -> None:
    desk = Desk()
    stages: list[m.Stage] = []

    def look() -> None:
        stages.append(desk.book.deliveries()[0].stage)

    desk.book.take(m.Asked(0, ASK))  # raised, and not heard of yet
    look()
    for form, route in ((m.Form.APPROVAL, ""), (m.Form.QUESTION, "questions")):
        raised = m.Raised("c1" if route else "", route, MINUTE)
        desk.book.take(m.CardRaised(0, ASK.mark, form, 1, raised))
        look()
    word = m.Word("c1", ASK.mark, m.Form.QUESTION, m.Answer.TEXT, "no", "ann")
    (given,) = [e for e in desk.book.take(m.Heard(0, word)) if isinstance(e, m.Decide)]
    look()
    desk.book.take(m.Obeyed(0, "r1", given.key, True, "Rejected."))
    look()
    assert stages == [
        m.Stage.WAITS,
        m.Stage.UNSEEN,
        m.Stage.DELIVERED,
        m.Stage.SEEN,
        m.Stage.APPLIED,
    ]


def test_what_the_plane_refuses_is_told_and_asked_again() -> None:
    desk = Desk(ASK)
    desk.hear("c1", m.Answer.APPROVED, by="ann")
    desk.take(m.Obeyed(0, "r1", desk.decided()[0].key, False, "Not recorded: no space"))
    assert desk.told() == ["Not applied: Not recorded: no space"]
    assert desk.approvals_min() == [0]
    desk.wait(2 * MINUTE)
    assert desk.approvals_min() == [0, 1]
    desk.hear("c3", m.Answer.REJECTED, by="ann")
    assert len(desk.decided()) == 2


def test_silence_an_unknown_end_and_an_approval_that_is_not_enough_decide_nothing() -> None:
    desk = Desk(m.Ask("T", "r1", Kind.APPROVE, "d" * 64, may_approve=False))
    desk.hear("c1", m.Answer.NONE)
    desk.hear("c7", m.Answer.APPROVED, by="ann")
    desk.hear("c2", m.Answer.TEXT, m.Form.QUESTION, text="  ", by="ann")
    desk.hear("c8", m.Answer.TEXT, m.Form.QUESTION, text="x" * 9_000, by="ann")
    assert desk.decided() == []
    assert desk.book.waiting == {"r1"}
    assert len(desk.told()) == 3


def test_another_digest_is_another_request() -> None:
    desk = Desk(ASK)
    old = m.Word("c1", f"r1.{'e' * 12}", m.Form.APPROVAL, m.Answer.APPROVED, by="ann")
    desk.take(m.Heard(0, old))
    assert desk.decided() == []


def test_what_is_settled_is_taken_down_also_when_that_was_not_heard() -> None:
    desk = Desk(ASK)
    desk.take(m.Offline(0))
    desk.take(m.Settled(0, "r1", True, "by ann"))
    desk.now_ms = 5_000
    desk.effects.clear()
    desk.take(m.Online(5_000, 2))
    down = [e for e in desk.effects if isinstance(e, m.Withdraw)]
    assert {(e.id, e.approved) for e in down} == {("c1", True), ("c2", True)}


def test_a_card_that_an_earlier_program_left_goes_at_once_when_git_knows_its_end() -> None:
    left = (m.Standing("c1", ASK.mark, m.Form.QUESTION, HOUR),)
    settled = m.Settled(70_001, "r1", True, "by ann", "T", ASK.mark)
    for before in (True, False):
        desk = Desk()
        assert desk.book.is_strange(ASK.mark)
        told = list(desk.book.take(settled)) if before else []
        desk.book.take(m.Passed(80_000))
        found = list(desk.book.take(m.Found(80_000, 1, 79_000, left, ())))
        if not before:
            assert not [e for e in found if isinstance(e, m.Withdraw)], "its project may come"
            told += desk.book.take(settled)
        down = [effect for effect in [*told, *found] if isinstance(effect, m.Withdraw)]
        assert down == [m.Withdraw("c1", m.Form.QUESTION, True)]
        assert not desk.book.is_strange(ASK.mark)


def test_an_answer_that_is_heard_before_its_project_is_opened_is_found_again() -> None:
    desk = Desk()
    word = m.Word("c1", ASK.mark, m.Form.APPROVAL, m.Answer.APPROVED, by="ann")
    desk.take(m.Heard(0, word))
    old = m.Ask("T", "r1", Kind.APPROVE, "d" * 64, may_approve=True, fresh=False)
    looks = [e for e in desk.book.take(m.Asked(0, old)) if isinstance(e, m.Look)]
    assert looks == [m.Look(1, (ASK.mark,))], "nothing is raised before it is known what stands"
    desk.take(m.Found(0, 1, 0, (), (word,)))
    assert [d.by for d in desk.decided()] == ["ann"]
    assert desk.raised == []


def test_a_flood_of_requests_is_bounded() -> None:
    asks = [m.Ask(f"T{n}", f"r{n}", Kind.CLARIFY, "d") for n in range(UP_MAX * 2)]
    desk = Desk(*asks)
    assert len(desk.raised) == RAISES_A_MINUTE
    desk.wait(HOUR)
    assert len(desk.book.up) == UP_MAX
    assert desk.book.waiting == {ask.request for ask in asks}
