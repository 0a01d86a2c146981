"""Every page of the window in the language of tests: nothing stays English but data and names."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from clawdesk.domain.agents import KINDS
from clawdesk.domain.definitions import EXAMPLE
from tests.support import gallery_pictures, rough_scenes, shown_texts, window_shots
from tests.support import plane_scenes as scenes
from tests.support.pseudo_locale import pseudo_locale
from tests.ui.conftest import Bench

# What people and programs of the scenes wrote, and what is the same in every language.
THEIRS = {
    *("English", "Deutsch"),
    *("notes", "tokenizer-rs", "Makefile", "Sorted?", "This changes the order of every epoch."),
    *("Is a test for that possible?", "An empty shard is no error here", "Keep the Makefile"),
    *KINDS,  # agents' own names
    *window_shots.WRITTEN.splitlines(),
    window_shots.WRITTEN,
    EXAMPLE.rstrip(),  # a file of theirs to be
    "Say hello",  # its title
    "python3 tools/rewrite.py --epochs 90",
    "last week&#x27;s numbers must be measured again",  # a guest's, escaped in a tip
    *scenes.PRINTED,
    "sudo systemctl start docker",
    "sudo apt-get install --no-install-recommends libvirt-daemon-driver-qemu qemu-system-x86",
    *rough_scenes.COMMANDS,
    *(word for command in rough_scenes.COMMANDS for word in command.split()),  # broken into lines
    *("KVM", "QEMU"),
    *("bold", rough_scenes.REFUSED),
    "/run/user/1000/libvirt/virtqemud-sock",
    "Failed to connect socket to",  # libvirt's own words
    "No such file or directory",
}
# Values and keys as they stand in a file of settings.
SETTINGS = {"weight", "interactive", "agent", "batch", "hold", "reject", "allow", "ask", "never"}
# What every invitation begins with.
INVITATION = {"clawdesk-peer"}
# A mistake in a task file, as the plane tells its place and what is allowed there (docs/notes).
MISTAKES = {"allowed auto", "approve", "found “always", "none"}
ALIKE = {"approval-split", "approval-part", "conflict-sides", "small", "channel-remove"}
SCENES = [scene for scene in gallery_pictures.SCENES if scene not in ALIKE]


@pytest.mark.parametrize("scene", SCENES)
def test_no_english_is_left_on_a_page(bench: Bench, qapp: QApplication, scene: str) -> None:
    async def look() -> tuple[set[str], set[str]]:
        async with gallery_pictures.opened(scene, bench.memory) as (desk, sheets):
            texts = shown_texts.texts_of(desk.window)
            texts.update(*map(shown_texts.texts_of, sheets))
            plane = desk.plane
            seen = (plane.state, plane.projects, plane.environment, plane.load, vars(plane))
            return texts, set(shown_texts.theirs_of(seen))

    before = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    try:
        with pseudo_locale(qapp):
            texts, theirs = bench.run(look())
    finally:
        qapp.setQuitOnLastWindowClosed(before)
    assert len(texts) > 40
    assert not shown_texts.untranslated(texts, theirs | THEIRS, SETTINGS | MISTAKES | INVITATION)


def test_a_word_that_was_not_translated_is_found() -> None:
    texts = {"⟦Stöp··⟧: fix-loader", "Stop fix-loader", "⟦Réàdý…", "12 GiB · Ctrl K", "Stop 3"}
    found = shown_texts.untranslated(texts, {"fix-loader"}, set())
    assert found == ["'Stop 3' in 'Stop 3'", "'Stop fix-loader' in 'Stop fix-loader'"]
