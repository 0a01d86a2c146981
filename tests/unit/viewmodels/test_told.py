"""The plane's sentences in another language: by template, whole, and safe with foreign text."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from clawdesk.domain import events as ev
from clawdesk.ports.errors import PortError
from clawdesk.viewmodels import language
from clawdesk.viewmodels.plane_sentences import TEMPLATES
from clawdesk.viewmodels.told import NESTED, shape_of, told, told_error, told_of, told_parts
from tests.sim.kinds import FAULTS
from tests.sim.world import World

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ("clawdesk/domain", "clawdesk/runtime", "clawdesk/adapters", "clawdesk/ports", "fabric")
# What a template takes together, the plane writes one after the other.
JOINT = re.compile(
    r"(?<=[.;:]) |(?<=back to) |, (?=or start)|(?<=is) (?=a file)|(?<=memory) (?=are)"
)

# Said by the simulated machines and people, not by the plane.
OF_THE_SIMULATOR = {"It begins."}


def shouted(text: str, _: int) -> str:
    """A language of tests that turns round what stands between the places."""
    return "".join(p if p.startswith("{") else p.upper() for p in re.split(r"(\{\w+\})", text))


@pytest.fixture
def shouts() -> Iterator[None]:
    before = language.spoken_by()
    language.speak_by(shouted)
    yield
    language.speak_by(before)


def written(folder: str) -> Iterator[str]:
    """All texts of the source, places of f-strings cut out."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_every_template_is_still_what_the_plane_says() -> None:
    source = "\n".join(text for folder in SOURCES for text in written(folder))
    gone = [
        (template, piece)
        for template in TEMPLATES
        for fixed in shape_of(template).fixed
        for piece in JOINT.split(fixed)
        if piece.strip(" .;:") not in source
    ]
    assert not gone, "worded anew, or said no more"


def test_templates_are_whole() -> None:
    assert len(set(TEMPLATES)) == len(TEMPLATES)
    for template in TEMPLATES:
        shape = shape_of(template)
        assert all(shape.fixed[1:-1]), f"two places without a word between them: {template}"
        assert any(re.search("[a-z]{2}", fixed) for fixed in shape.fixed), template


def test_in_english_every_sentence_stays_as_it_is() -> None:
    for template in TEMPLATES:
        text = re.sub(r"\{(\w+)\}", r"<\1 1>", template)
        assert told(text) == text


@pytest.mark.usefixtures("shouts")
def test_a_sentence_is_told_by_its_template() -> None:
    text = "needs 2 GiB of memory, 512 MiB of 8 GiB are free; held by fix-loader and 3 more"
    assert told(text) == (
        "NEEDS 2 GIB OF MEMORY, 512 MiB OF 8 GiB ARE FREE; HELD BY fix-loader AND 3 MORE"
    )
    assert told("Step build exited with 2.\nno such file") == (
        "STEP build EXITED WITH 2.\nno such file"
    )
    assert told_parts("executable; long lines are cut") == "EXECUTABLE; LONG LINES ARE CUT"
    assert told_of("fix: loader: Checkpoint 3 approved.") == "fix: loader: Checkpoint 3 approved."
    assert told_of("loader: The task ends here.") == "loader: THE TASK ENDS HERE."


@pytest.mark.usefixtures("shouts")
def test_what_no_template_fits_stands_as_it_is() -> None:
    assert told("Something that nobody said before.") == "Something that nobody said before."
    assert told("") == ""
    assert told("Step {name} exited with {code}.") == "STEP {name} EXITED WITH {code}."


@pytest.mark.usefixtures("shouts")
def test_an_error_is_told_with_its_next_step() -> None:
    error = PortError("/a/b is not a Git repository", mend="Open /a itself.")
    assert told_error(error) == "/a/b is not a Git repository. OPEN /a ITSELF."


@pytest.mark.usefixtures("shouts")
@pytest.mark.parametrize("piece", ["Step a exited with ", ": ", " of ", "{why} ", "needs a a, "])
def test_a_hostile_text_costs_one_pass(piece: str) -> None:
    text = (piece * 4_000)[:3_999]
    begin = time.perf_counter()
    told(text)
    assert time.perf_counter() - begin < 0.2


class Listener(World):
    """A simulated world that remembers why its tasks waited, yielded and ended."""

    def __post_init__(self) -> None:
        self.heard: set[str] = set()
        super().__post_init__()

    def post(self, event: ev.Event) -> None:
        super().post(event)
        for task in self.state.tasks.values():
            reason, leaves = task.reason, task.yielding
            self.heard |= {task.finish_text, leaves.why if leaves is not None else ""}
            self.heard |= {reason.text, reason.frees} if reason is not None else set()


@pytest.mark.usefixtures("shouts")
@pytest.mark.parametrize("seed", range(4))
def test_the_reasons_of_the_plane_are_told(seed: int) -> None:
    world = Listener(seed, FAULTS["all"])
    for number in range(6):
        world.submit(number)
    world.settle()
    heard = world.heard - OF_THE_SIMULATOR - {""}
    assert len(heard) > 5
    assert not [text for text in heard if told(text) == text]


def test_places_that_hold_sentences_are_known_ones() -> None:
    names = {name for template in TEMPLATES for name in shape_of(template).places}
    assert names >= NESTED
