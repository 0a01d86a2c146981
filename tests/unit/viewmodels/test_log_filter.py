"""The filter of a log: kinds and words, each line looked at once, a longer word looks at less."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from clawdesk.runtime.log_lines import BEFORE_KILL
from clawdesk.viewmodels.log_filter import Kind, Line, Search, Sorter, Wanted, count_words, wanted

CALL = "[model] m1 answered, 2026-11-26 10:00:00Z: 1.0 s, 3 tokens in, 4 tokens out"


def lines(*texts: str, kind: Kind = Kind.OUTPUT) -> list[Line]:
    return [Line(n, kind.value, text, kind) for n, text in enumerate(texts)]


def found(search: Search) -> list[int]:
    while not search.over:
        search.go_on(2)
    return search.found


def test_every_word_must_stand_in_the_line_in_any_case_and_order() -> None:
    log = lines("Epoch 1 LOSS 0.5", "loss of epoch 2", "epoch 3", "straße")
    assert found(Search(wanted(Kind.ALL, "  loss EPOCH "), log, 0)) == [0, 1]
    assert found(Search(wanted(Kind.ALL, "STRASSE"), log, 0)) == [3]
    assert found(Search(wanted(Kind.ALL, ".*"), log, 0)) == [], "plain text, no pattern"
    assert wanted(Kind.ALL, "   ").everything


def sorted_kinds(*told: tuple[str, str]) -> list[Kind]:
    sorter = Sorter()
    return [sorter.kind(stream, text) for stream, text in told]


def test_lines_of_a_model_call_are_told_from_what_a_step_prints() -> None:
    assert sorted_kinds(
        ("event", "Step one begins."),
        ("event", CALL),
        ("event", "    asked: why?"),
        ("event", "    said: so."),
        ("out", "    indented by a program"),
        ("out", CALL),  # a program that prints the like
        ("out", "    said: not by a model"),
        ("err", "Traceback"),
    ) == [
        Kind.EVENTS,
        *[Kind.CALLS] * 3,
        *[Kind.OUTPUT] * 3,
        Kind.ERRORS,
    ]


def test_model_calls_that_git_kept_are_known_again() -> None:
    heading = f"Step one, {BEFORE_KILL}:"
    kinds = sorted_kinds(("event", heading), ("out", CALL), ("out", "    said: so"), ("out", "x"))
    assert kinds == [Kind.EVENTS, Kind.CALLS, Kind.CALLS, Kind.OUTPUT]


def test_a_kind_alone_and_with_words() -> None:
    log = [*lines("bad", "good"), *lines("bad", kind=Kind.ERRORS)]
    assert found(Search(Wanted(Kind.ERRORS), log, 0)) == [2]
    assert found(Search(wanted(Kind.OUTPUT, "bad"), log, 0)) == [0]


class Counted(Sequence[Line]):
    """Lines that tell how often one was looked at."""

    def __init__(self, log: list[Line]) -> None:
        self.log, self.looks = log, 0

    def __len__(self) -> int:
        return len(self.log)

    def __getitem__(self, place: int) -> Line:  # type: ignore[override]
        self.looks += 1
        return self.log[place]


def test_one_letter_more_looks_only_through_what_was_found() -> None:
    log = Counted(lines(*(f"line {n}" for n in range(1_000))))
    before = Search(wanted(Kind.ALL, "9"), log, 0)
    assert len(found(before)) == 271
    log.looks = 0
    assert found(Search(wanted(Kind.ALL, "99"), log, 0, before)) == [
        n for n in range(1_000) if "99" in str(n)
    ]
    assert log.looks == 271
    log.looks = 0
    assert len(found(Search(wanted(Kind.ALL, "8"), log, 0, before))) == 271
    assert log.looks == 1_000, "another word looks at all of them again"


def test_a_search_that_was_cut_short_has_looked_through_nothing_that_it_left() -> None:
    log = lines("ab", "ab c", "c")
    whole = Search(wanted(Kind.ALL, "a"), log, 0)
    assert found(whole) == [0, 1]
    cut = Search(wanted(Kind.ALL, "a c"), log, 0, whole)
    assert found(Search(wanted(Kind.ALL, "a c b"), log, 0, cut)) == [1]


def test_lines_that_come_are_matched_as_they_come_and_old_ones_forgotten() -> None:
    log = lines("a 0", "b 1", "a 2")
    search = Search(wanted(Kind.ALL, "a"), log, 0)
    assert found(search) == [0, 2]
    log += lines("a 3", "b 4")
    assert not search.over
    assert search.go_on(100) == 1
    assert search.found == [0, 2, 3]
    del log[:2]
    assert search.forget(2) == 1
    assert search.found == [2, 3]
    log += lines("a 5")
    assert found(search) == [2, 3, 5]


@given(
    texts=st.lists(st.sampled_from(["ab", "abc", "b", "c", "bc a"]), max_size=30),
    typed=st.lists(st.sampled_from(["a", "ab", "abc", "b", "b a", "c", "bc"]), min_size=1),
    looks=st.lists(st.integers(0, 5), min_size=1),
    gone=st.integers(0, 10),
)
def test_however_it_is_typed_the_last_filter_counts(
    texts: list[str], typed: list[str], looks: list[int], gone: int
) -> None:
    """Stretches of any length between the letters, lines that come and go: as one look at all."""
    log, first = lines(*texts[: len(texts) // 2]), 0
    search = Search(wanted(Kind.ALL, ""), log, 0)
    for turn, text in enumerate(typed):
        search = Search(wanted(Kind.ALL, text), log, first, search)
        for _ in range(looks[turn % len(looks)]):
            search.go_on(1)
    log += lines(*texts[len(texts) // 2 :])
    drop = min(gone, len(log))
    del log[:drop]
    search.forget(drop)
    alone = [
        n for n, line in enumerate(log, drop) if all(w in line.text for w in typed[-1].split())
    ]
    assert found(search) == alone


def test_the_count_in_words() -> None:
    assert count_words(212, 100_000, over=True) == "212 of 100,000"
    assert "so far" in count_words(212, 100_000, over=False)
