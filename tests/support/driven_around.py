"""Driven use around the tasks: models, load, channel, projects, a plane that is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clawdesk.runtime.api import Change
from tests.support import channel_scenes, model_scenes
from tests.support import plane_scenes as scenes

if TYPE_CHECKING:
    from tests.support.driven_use import DrivenUse


async def use_models(use: DrivenUse) -> None:
    desk, plane = use.desk, use.plane
    desk.registry.trigger("models")
    for scene in model_scenes.SCENES.values():
        plane.environment = replace(plane.environment, fabric=scene())
        plane.publish(Change(environment=True))
        await use.settle()
    plane.environment = replace(plane.environment, fabric=model_scenes.busy())
    plane.publish(Change(environment=True))
    for act in ("load", "pin", "unpin"):
        desk.models.act(act, "glm-355b")
        await use.settle()
    for name in ("unload", "reserve"):
        desk.models.act(name, "qwen3-32b")
        await use.dismiss()
    desk.models.budget(scenes.PROJECT)
    await use.dismiss()


async def sample_the_machine(use: DrivenUse) -> None:
    for gpus in (True, False, True):
        for _ in range(5):
            use.plane.load = scenes.load(gpus=gpus)
            use.plane.publish(Change(load=True))
            use.clock.advance(2_000)
            await use.settle()


async def use_the_channel(use: DrivenUse) -> None:
    desk, plane = use.desk, use.plane
    desk.registry.trigger("settings")
    before = plane.environment
    for scene in channel_scenes.SCENES:
        view = channel_scenes.view_of(scene, list(plane.state.tasks))
        plane.environment = replace(before, channel=view)
        plane.publish(Change(environment=True))
        await use.settle()
    plane.environment = before
    plane.publish(Change(environment=True))


async def be_told(use: DrivenUse) -> None:
    """A request is answered elsewhere while its dialog is open; notices come and go."""
    await use.press("F8")
    if use.desk.decisions.sheet is None:
        return
    await use.past_guard()
    use.plane.answer_elsewhere()
    await use.dismiss()


async def open_and_close_a_project(use: DrivenUse) -> None:
    use.desk.open_path(str(use.folder))
    await use.settle()
    assert str(use.folder) in use.plane.projects
    use.desk.close_project(str(use.folder))


async def lose_the_plane(use: DrivenUse) -> None:
    use.desk.show_lost()
    await use.settle()
    use.desk.adopt(use.plane, list(use.plane.projects))


async def meet_a_refusal(use: DrivenUse) -> None:
    """A folder that is none: the banner says so, and is closed."""
    use.desk.open_path(str(use.folder / "missing"))
    await use.settle()
    assert use.window.banner.isVisible()
    use.window.banner.hide()
