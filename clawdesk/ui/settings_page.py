"""Settings: looks, notices, OpenClaw, the user's rules, a project's policy, and where files lie.

What stands in a file is shown with its line and changed in that file; what is the window's own is
changed here. Emits what a person wants; `SettingsDesk` asks the plane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from clawdesk.ui.badge import Icon
from clawdesk.ui.button import Button
from clawdesk.ui.channel_section import ChannelSection
from clawdesk.ui.check_box import CheckBox
from clawdesk.ui.pane import Ground, PaneHead, empty, key_inside
from clawdesk.ui.rule_table import RuleTable
from clawdesk.ui.safe_text import SafeLabel
from clawdesk.ui.segments import Segments
from clawdesk.ui.words import languages, tr
from clawdesk.viewmodels.catalog_access import ImageRule
from clawdesk.viewmodels.notices import NoticeRules
from clawdesk.viewmodels.policy import OwnRules, PolicyPage

_WIDE = 860


def _notice_texts() -> dict[str, str]:
    return {
        "needs_you": tr("An approval, a question or a policy waits for you"),
        "ended": tr("A task is done or has failed"),
        "budget": tr("A project has used up its budget"),
        "in_front": tr("Also while this window is in front, where the inbox shows it"),
    }


class SettingsPage(Ground):
    """Shows values; every change leaves as a signal at once."""

    back_wanted = Signal()
    theme_chosen = Signal(str)  # "" = as the desktop
    language_chosen = Signal(str)  # "" = as the desktop
    notices_changed = Signal(NoticeRules)
    trust_wanted = Signal(str)  # project
    revoke_wanted = Signal(str)
    folder_wanted = Signal(str)
    allow_wanted = Signal()
    take_back_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("bg1")
        self.setObjectName("settings")
        self._rules = NoticeRules()
        self._page: PolicyPage | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = PaneHead(tr("Settings"))
        self.back = Button(
            tr("Back to the tasks"), "settings.back", icon="cl", size="sm", key="Esc"
        )
        self.back.clicked.connect(self.back_wanted)
        key_inside(self, "Esc", self.back.click)
        head.row.addStretch(1)
        head.row.addWidget(self.back)
        whole.addWidget(head)
        self._wanted: SafeLabel | None = None
        self.area = QScrollArea()
        self.area.setObjectName("settings.scroll")
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = Ground("bg1")
        across = QHBoxLayout(inner)
        across.setContentsMargins(24, 8, 24, 40)
        middle = QWidget()
        middle.setMaximumWidth(_WIDE)
        self._column = QVBoxLayout(middle)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        across.addStretch(1)
        across.addWidget(middle, 20)
        across.addStretch(1)
        self._looks()
        self._language()
        self._notices()
        self._channel()
        self._policy()
        self._own()
        self._files()
        self._column.addStretch(1)
        self.area.setWidget(inner)
        self.area.verticalScrollBar().rangeChanged.connect(lambda *_: self._scroll())
        whole.addWidget(self.area, 1)

    # -- building ------------------------------------------------------------------------------
    def _title(self, text: str) -> SafeLabel:
        self._column.addSpacing(20)
        label = SafeLabel(text, font="heading")
        self._column.addWidget(label)
        return label

    def _sentence(self, text: str = "", name: str = "") -> SafeLabel:
        label = SafeLabel(text, role="fg1", wrap=True)
        label.setObjectName(name)
        self._column.addWidget(label)
        return label

    def _looks(self) -> None:
        self._title(tr("Looks"))
        choices = [("", tr("As the desktop")), ("dark", tr("Dark")), ("light", tr("Light"))]
        self.theme = self._choice("settings.theme", choices)
        self.theme.chosen.connect(self.theme_chosen)

    def _language(self) -> None:
        self._title(tr("Language"))
        choices = [("", tr("As the desktop")), *languages()]
        self.language = self._choice("settings.language", choices)
        self.language.chosen.connect(self.language_chosen)
        self._sentence(tr("A change is spoken from the next start."))

    def _choice(self, name: str, choices: list[tuple[str, str]]) -> Segments:
        made = Segments(name, choices, framed=True)
        row = QHBoxLayout()
        row.addWidget(made)
        row.addStretch(1)
        self._column.addLayout(row)
        return made

    def _notices(self) -> None:
        self._title(tr("Notices on the desktop"))
        self._server = self._sentence(name="settings.notices")
        self.boxes: dict[str, CheckBox] = {}
        for name, text in _notice_texts().items():
            box = self.boxes[name] = CheckBox(text, f"settings.notices.{name}")
            box.clicked.connect(lambda on, name=name: self._notice(name, on))
            self._column.addWidget(box)

    def _notice(self, name: str, on: bool) -> None:
        self._rules = replace(self._rules, **{name: on})
        self.notices_changed.emit(self._rules)

    def _channel(self) -> None:
        self._title(tr("Answer from anywhere, through OpenClaw"))
        self.channel = ChannelSection()
        self._column.addWidget(self.channel)

    def _policy(self) -> None:
        self.policy_title = self._title("")
        row = QHBoxLayout()
        row.setSpacing(8)
        self._trust_icon = Icon("shield", "fg1")
        self._trust = SafeLabel("", role="fg1", wrap=True)
        self._trust.setObjectName("settings.trust")
        self.trust = Button(tr("Trust…"), "settings.trust.go", size="sm")
        self.revoke = Button(tr("Revoke trust…"), "settings.trust.revoke", size="sm")
        self.trust.clicked.connect(lambda: self._emit(self.trust_wanted))
        self.revoke.clicked.connect(lambda: self._emit(self.revoke_wanted))
        for widget in (self._trust_icon, self._trust, self.trust, self.revoke):
            row.addWidget(widget, 1 if widget is self._trust else 0)
        self._column.addLayout(row)
        self._asks = self._sentence(name="settings.asks")
        self.policy = RuleTable("settings.policy")
        self._column.addWidget(self.policy)

    def _emit(self, signal: object) -> None:
        if self._page is not None:
            signal.emit(self._page.project)  # type: ignore[attr-defined]

    def _own(self) -> None:
        self.own_title = self._title(tr("Your rules for this machine"))
        self._own_state = self._sentence(name="settings.own")
        self.own = RuleTable("settings.rules")
        self._column.addWidget(self.own)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._images = SafeLabel("", role="fg1", wrap=True)
        self._images.setObjectName("settings.images")
        self.allow = Button(tr("Allow hosts…"), "settings.images.allow", size="sm")
        self.take_back = Button(tr("Take it back…"), "settings.images.back", size="sm")
        self.allow.clicked.connect(self.allow_wanted)
        self.take_back.clicked.connect(self.take_back_wanted)
        row.addWidget(self._images, 1)
        for button in (self.allow, self.take_back):
            button.hide()
            row.addWidget(button)
        self._column.addLayout(row)

    def _files(self) -> None:
        self._title(tr("Files"))
        self._folders = QVBoxLayout()
        self._folders.setSpacing(4)
        self._column.addLayout(self._folders)

    # -- showing -------------------------------------------------------------------------------
    def show_window(self, theme: str, language: str, rules: NoticeRules) -> None:
        """What the window keeps itself."""
        self._rules, self._wanted = rules, None
        self.theme.choose(theme)
        if language in {"", *dict(languages())}:
            self.language.choose(language)
        for name, box in self.boxes.items():
            box.setChecked(getattr(rules, name))

    def show_server(self, sentence: str) -> None:
        """What shows notices on this desktop, or why nothing does."""
        self._server.show_text(sentence)

    def show_policy(self, page: PolicyPage | None) -> None:
        """The chosen project's policy; None = no project is open."""
        self._page = page
        name = page.name if page is not None else ""
        title = tr("Policy of {project}", project=name) if page else tr("Policy of a project")
        self.policy_title.show_text(title)
        self.policy.show_rows(page.rows if page is not None else ())
        self.policy.setVisible(page is not None)
        if page is None:
            self._trust.show_text(tr("Open a project to see its policy."))
        else:
            self._trust.show_text(page.trust)
            self._trust_icon.show_icon("shield", page.family.value)
        self.trust.setVisible(page is not None and page.can_trust)
        self.revoke.setVisible(page is not None and page.can_revoke)
        asks = "\n".join((*page.asks, page.note)).strip() if page is not None else ""
        self._asks.show_text(asks)
        self._asks.setVisible(bool(asks))

    def show_policy_problem(self, sentence: str) -> None:
        """The project's file cannot be used, and why."""
        self.show_policy(None)
        self._trust.show_text(sentence)

    def show_own(self, rules: OwnRules) -> None:
        mistakes = "\n".join(rules.problem)
        self._own_state.show_text(f"{rules.path}\n{rules.state}\n{mistakes}".strip())
        self._own_state.set_role("need" if rules.problem else "fg1")
        self.own.show_rows(rules.rows)

    def show_images(self, rule: ImageRule) -> None:
        """From where images of the known agents may be set up, and what can be done about it."""
        self._images.show_text(rule.state)
        self.allow.setVisible(rule.can_allow)
        self.take_back.setVisible(rule.can_take_back)

    def show_folders(self, folders: Sequence[tuple[str, str]]) -> None:
        """Where things lie, as (what, path)."""
        empty(self._folders)
        for place, (what, path) in enumerate(folders):
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(8)
            label = SafeLabel(what, role="fg1")
            label.setMinimumWidth(180)
            row.addWidget(label)
            row.addWidget(SafeLabel(path, font="code", elide=True, selectable=True), 1)
            show_it = Button(
                tr("Open"),
                f"settings.folder.{place}",
                kind="ghost",
                icon="folder",
                size="sm",
                spoken=tr("Open the folder: {what}", what=what),
            )
            copy = Button(
                tr("Copy"),
                f"settings.copy.{place}",
                kind="ghost",
                icon="copy",
                size="sm",
                spoken=tr("Copy the path: {what}", what=what),
            )
            show_it.clicked.connect(lambda _=False, path=path: self.folder_wanted.emit(path))
            copy.clicked.connect(
                lambda _=False, path=path: QGuiApplication.clipboard().setText(path)
            )
            row.addWidget(show_it)
            row.addWidget(copy)
            self._folders.addWidget(line)

    def look_at_top(self) -> None:
        """Where a page begins, wherever it was left."""
        self.area.verticalScrollBar().setValue(0)

    def show_theme(self, theme: str) -> None:
        """Which looks are chosen; it may have been done elsewhere."""
        self.theme.choose(theme)

    def look_at(self, title: SafeLabel) -> None:
        """Bring a part into view: the project's policy, or the user's own rules."""
        self._wanted = title
        self._scroll()

    def _scroll(self) -> None:
        """Again whenever rows were laid out, until the page is shown anew."""
        if self._wanted is not None:
            self.area.verticalScrollBar().setValue(max(0, self._wanted.pos().y() - 8))
