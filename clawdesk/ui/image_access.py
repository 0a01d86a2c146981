"""Asks a person whether images of ClawDesk's own agents may be set up from package hosts.

One question, with all that is written by a yes; the same for the way back. Nothing is a default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clawdesk.domain.network import Reach
from clawdesk.runtime.api import CatalogAccess, Outcome
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.words import tr
from clawdesk.viewmodels.catalog_access import allow_question
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

After = Callable[[str], None]


def ask_allow(desk: Desk, access: CatalogAccess, after: After) -> None:
    """Show what would be allowed.

    Args:
        after: called when it was answered, either way, and no other sheet is up; with what went
            wrong, "" = nothing.
    """
    question = allow_question(access)
    sheet = AskSheet(
        "images",
        desk.window,
        desk.clock,
        title=tr("Allow these hosts for images of agents?"),
        text=question.text,
        groups=[
            Lines("", "vm", "fg1", question.hosts),
            Lines(tr("What it means"), "shield", "fg1", question.means),
        ],
        ways=[Way("go", tr("Allow these hosts"), "plain", "check")],
        icon="shield",
    )
    sheet.chosen.connect(
        lambda _: desk.errands.start(
            "images", tr("Allowing hosts"), _allow(desk, question.wanted, after)
        )
    )
    sheet.rejected.connect(lambda: desk.errands.start("", "", _done(desk, after)))
    desk.decisions.show_sheet(sheet)


def ask_take_back(desk: Desk, access: CatalogAccess, after: After) -> None:
    """Ask before the rule goes."""
    sheet = AskSheet(
        "images_back",
        desk.window,
        desk.clock,
        title=tr("Allow no host for images of agents any more?"),
        text=tr(
            "The table {table} is taken out of {path}; all else in it stays. Images that are "
            "built stay too, and are used; no more are built by this rule.",
            table="[images.catalog]",
            path=access.path,
        ),
        ways=[Way("go", tr("Take it back"), "danger", "shield")],
        stay=tr("Keep it"),
        icon="shield",
    )
    sheet.chosen.connect(
        lambda _: desk.errands.start("images", tr("Taking it back"), _take_back(desk, after))
    )
    desk.decisions.show_sheet(sheet)


async def _allow(desk: Desk, wanted: Reach, after: After) -> None:
    outcome = await desk.plane.allow_catalog(wanted.hosts, wanted.own_networks)
    await _done(desk, after, outcome)


async def _take_back(desk: Desk, after: After) -> None:
    await _done(desk, after, await desk.plane.take_back_catalog())


async def _done(desk: Desk, after: After, outcome: Outcome | None = None) -> None:
    said = told(outcome.text) if outcome is not None else ""
    good = outcome is None or outcome.ok
    if said:
        desk.window.banner.show_notice(Notice("ok" if good else "bad", said))
    if desk.decisions.sheet is None:
        after("" if good else said)
