"""Between the plane and the settings page: reads policy and rules, sends trust and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from clawdesk.ports.errors import PortError
from clawdesk.runtime.api import CatalogAccess
from clawdesk.ui import image_access, theme, tokens
from clawdesk.ui.ask_sheet import AskSheet, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.channel_setup import ChannelSetUp
from clawdesk.ui.words import tr
from clawdesk.viewmodels.catalog_access import image_rule
from clawdesk.viewmodels.models import project_name
from clawdesk.viewmodels.notices import NoticeRules
from clawdesk.viewmodels.policy import own_rules, policy_page
from clawdesk.viewmodels.told import told, told_error

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

_Folder = QStandardPaths.StandardLocation


class SettingsDesk(QObject):
    """The settings page of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk, self._page = desk, desk.window.settings
        self.channel = ChannelSetUp(desk)
        self._access: CatalogAccess | None = None
        page = self._page
        page.theme_chosen.connect(self.choose_theme)
        page.language_chosen.connect(self._keep_language)
        page.notices_changed.connect(self._keep_notices)
        page.trust_wanted.connect(self._trust)
        page.revoke_wanted.connect(self._ask_revoke)
        page.allow_wanted.connect(lambda: self._images(image_access.ask_allow))
        page.take_back_wanted.connect(lambda: self._images(image_access.ask_take_back))
        page.folder_wanted.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(path)))

    def _trust(self, project: str) -> None:
        self._desk.decisions.trust_project(project)

    def _images(self, ask: Callable[[Desk, CatalogAccess, image_access.After], None]) -> None:
        """Ask about the rule for images, as it was shown."""
        if self._access is not None:
            ask(self._desk, self._access, lambda _: self.refresh())

    def refresh(self, part: str = "") -> None:
        """Read everything anew; the page is up at once and fills itself.

        Args:
            part: what is brought into view, policy | own; "" = where it stands.
        """
        memory = self._desk.memory
        theme_name, language = (
            str(memory.settings.value(key, "")) for key in ("theme", "language")
        )
        self._page.show_window(theme_name, language, memory.notice_rules())
        self._page.show_folders(_folders())
        self.channel.begin()
        self._desk.errands.start("settings", tr("Reading the settings"), self._read(part))

    async def _read(self, part: str = "") -> None:
        desk = self._desk
        if desk.project in desk.plane.projects:
            try:
                self._page.show_policy(policy_page(await desk.plane.project_policy(desk.project)))
            except PortError as error:
                self._page.show_policy_problem(told_error(error))
        else:
            self._page.show_policy(None)
        if part == "policy":
            self._page.look_at(self._page.policy_title)
        self._page.show_own(own_rules(await desk.plane.user_rules()))
        self._access = await desk.plane.catalog_access()
        self._page.show_images(image_rule(self._access))
        if part == "own":
            self._page.look_at(self._page.own_title)
        row = await desk.notices.check()
        words = f"{str(row['found']).capitalize()}. {row['why']}"
        self._page.show_server(" ".join(words.split()))

    def choose_theme(self, name: str) -> None:
        """ "" follows the desktop; the change is seen at once and remembered."""
        desk = self._desk
        desk.memory.settings.setValue("theme", name)
        self._page.show_theme(name)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, tokens.Theme(name) if name else theme.wanted(desk.memory.settings))
        desk.paint_all()

    def _keep_language(self, name: str) -> None:
        """What stands on the screen is not said anew: the next start speaks it."""
        self._desk.memory.settings.setValue("language", name)

    def _keep_notices(self, rules: NoticeRules) -> None:
        self._desk.memory.keep_notice_rules(rules)
        self._desk.notices.mind()

    def _ask_revoke(self, project: str) -> None:
        desk = self._desk
        sheet = AskSheet(
            "revoke",
            desk.window,
            desk.clock,
            title=tr("Trust the policy of {name} no more?", name=project_name(project)),
            text=tr(
                "Tasks that have a machine keep it until they next give it back; "
                "the others wait until you trust it again."
            ),
            ways=[Way("go", tr("Revoke trust"), "danger", "shield")],
            stay=tr("Keep it"),
            icon="shield",
        )
        sheet.chosen.connect(
            lambda _: desk.errands.start("trust", tr("Revoking trust"), self._revoke(project))
        )
        desk.decisions.show_sheet(sheet)

    async def _revoke(self, project: str) -> None:
        outcome = await self._desk.plane.untrust(project)
        family = "ok" if outcome.ok else "bad"
        self._desk.window.banner.show_notice(Notice(family, told(outcome.text)))
        await self._read()


def _folders() -> list[tuple[str, str]]:
    """Where ClawDesk keeps things; only those that are there can be opened."""
    where = QStandardPaths.writableLocation
    return [
        (tr("Your rules and trust"), where(_Folder.AppConfigLocation)),
        (tr("Reports and logs"), where(_Folder.StateLocation)),
        (tr("Machine files"), where(_Folder.AppDataLocation)),
    ]
