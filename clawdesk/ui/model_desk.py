"""Between the plane and the models page: paints it, and sends what a person wants of a model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from clawdesk.runtime.api import Outcome
from clawdesk.ui.ask_sheet import AskSheet, Lines, Way
from clawdesk.ui.banner import Notice
from clawdesk.ui.decisions import Call
from clawdesk.ui.model_sheets import BudgetSheet, ReserveSheet
from clawdesk.ui.words import marked, tr
from clawdesk.viewmodels.devices import DeviceHistory, device_views, page_summary
from clawdesk.viewmodels.models import ModelRow, ModelsView, act_words, models_view, with_begun
from clawdesk.viewmodels.palette import Entry
from clawdesk.viewmodels.told import told

if TYPE_CHECKING:
    from clawdesk.ui.desk import Desk

_DOING = {
    "load": marked("Loading {model}"),
    "unload": marked("Unloading {model}"),
    "pin": marked("Pinning {model}"),
    "unpin": marked("Unpinning {model}"),
}


class ModelDesk(QObject):
    """The models page of one desk."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._page = desk.window.models
        self.history = DeviceHistory()
        self._begun: set[str] = set()  # models whose load was asked for here and is not answered
        self.view = ModelsView("", "", (), (), "", (), (), asked=False)
        self._page.wanted.connect(self.act)
        self._page.end_wanted.connect(self.end_reservation)
        self._page.budget_wanted.connect(self.budget)

    # -- painting ------------------------------------------------------------------------------

    def paint(self, *, sampled: bool = False) -> None:
        """The page from the plane's present figures; `sampled` adds a point to the history."""
        plane, clock = self._desk.plane, self._desk.clock
        status, now_ms = plane.environment.fabric, clock.now_ms()
        views = device_views(status, plane.load)
        if sampled:
            self.history.note(now_ms, views)
        titles = {task.id: task.title for task in plane.state.tasks.values()}
        view = models_view(status, titles, now_ms, clock.offset_ms())
        self.view = with_begun(view, self._begun)
        if self._page.isVisible():
            self._page.show_devices(
                views, page_summary(views, status, plane.load), self.history, now_ms
            )
            self._page.show_models(self.view)

    # -- what a person wants -------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """Every act on every model, for the palette."""
        found = []
        for row in self.view.models:
            pin = "unpin" if row.pinned else "pin"
            for act, why_not in ((row.act, row.act_why_not), (pin, ""), ("reserve", "")):
                text = act_words(act, row.name)
                run = partial(self.act, act, row.name)
                found.append(Entry(text, row.word, "gpu", "", run, why_not, group=tr("Models")))
        for window in self.view.windows:
            text = tr("End reservation of {text}", text=window.text)
            run = partial(self.end_reservation, window.id)
            found.append(Entry(text, window.detail, "clock", "", run, group=tr("Models")))
        return found

    def act(self, act: str, model: str) -> None:
        """load, unload, pin, unpin or reserve."""
        row = next((row for row in self.view.models if row.name == model), None)
        if row is None:
            return
        plane = self._desk.plane
        if act == "reserve":
            self.reserve(model)
        elif act == "unload" and row.cut:
            self._ask_unload(row)
        elif act == "unload":
            self._start(act, model, partial(plane.unload_model, model))
        elif act == "load":
            self._start(act, model, partial(plane.load_model, model))
        else:
            self._start(act, model, partial(plane.pin_model, model, act == "pin"))

    def _start(self, act: str, model: str, call: Call) -> None:
        what, key = tr(_DOING[act], model=model), f"{act} {model}"
        if act != "load":
            self._desk.errands.start(key, what, self._told(call))
        elif not self._desk.errands.busy(key):
            self._begun.add(model)
            self._desk.errands.start(key, what, self._loaded(model, call))
            self.paint()

    async def _loaded(self, model: str, call: Call) -> None:
        """The click shows at once: the next look at the model service may come after the load."""
        try:
            await self._told(call)
        finally:
            self._begun.discard(model)
            self.paint()

    async def _told(self, call: Call) -> None:
        """A success shows itself on the page; a refusal is said."""
        outcome = await call()
        if not outcome.ok:
            self._desk.window.banner.show_notice(
                Notice("bad", told(outcome.text), "", outcome.text)
            )

    def _ask_unload(self, row: ModelRow) -> None:
        sheet = AskSheet(
            "unload",
            self._desk.window,
            self._desk.clock,
            title=tr("Unload {model}?", model=row.name),
            text=tr("Its memory is free for other models afterwards."),
            groups=(Lines("", "note", "fg2", row.cut),),
            ways=(Way("go", tr("Unload"), "plain", "release"),),
            icon="release",
            role="acc",
        )
        sheet.chosen.connect(
            lambda _: self._start(
                "unload", row.name, partial(self._desk.plane.unload_model, row.name)
            )
        )
        self._desk.decisions.show_sheet(sheet)

    def end_reservation(self, reservation: str) -> None:
        call = partial(self._desk.plane.end_reservation, reservation)
        self._desk.errands.start(
            f"end {reservation}", tr("Ending the reservation"), self._told(call)
        )

    def _projects(self) -> list[str]:
        """Open projects, then others the model service knows."""
        known = [use.project for use in self.view.uses if use.project]
        return list(dict.fromkeys([*self._desk.plane.projects, *known]))

    def reserve(self, model: str = "") -> None:
        sheet = ReserveSheet(
            self._desk.window,
            self._desk.clock,
            models=[row.name for row in self.view.models],
            model=model,
            projects=self._projects(),
            project=self._desk.project,
        )
        plane = self._desk.plane
        sheet.wanted.connect(
            lambda *asked: self._send(sheet, tr("Reserving"), partial(plane.reserve_model, *asked))
        )
        self._desk.decisions.show_sheet(sheet)

    def budget(self, project: str = "") -> None:
        sheet = BudgetSheet(
            self._desk.window,
            self._desk.clock,
            projects=self._projects(),
            project=project or self._desk.project,
            limits={u.project: (u.gpu_hours, u.tokens, u.weight) for u in self.view.uses},
            used={u.project: u.used for u in self.view.uses},
        )
        known = {use.project: use.weight for use in self.view.uses}
        plane = self._desk.plane

        async def decide(path: str, hours: float, tokens: int, weight: float) -> Outcome:
            if weight != known.get(path, 1.0):
                outcome = await plane.set_weight(path, weight)
                if not outcome.ok:
                    return outcome
            return await plane.set_budget(path, hours, tokens)

        sheet.wanted.connect(
            lambda path, hours, tokens, weight: self._send(
                sheet, tr("Setting the budget"), partial(decide, path, hours, int(tokens), weight)
            )
        )
        self._desk.decisions.show_sheet(sheet)

    def _send(self, sheet: ReserveSheet | BudgetSheet, what: str, call: Call) -> None:
        self._desk.errands.start(
            sheet.objectName(), what, self._desk.decisions.deliver(sheet, call)
        )
