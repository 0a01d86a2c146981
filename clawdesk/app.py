"""Composition root: the only place that names concrete adapters.

`open_plane` gives a shell the plane: the real one when nobody holds it, else a client of the
process that does (one plane per user and machine, by flock).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clawdesk.ports.errors import MachineError, PortError
from clawdesk.ports.machines import ImageUse
from clawdesk.ports.notices import Notices
from clawdesk.runtime.api import PlaneApi
from clawdesk.runtime.client import PlaneClient
from clawdesk.runtime.clock import SystemClock
from clawdesk.runtime.front_door import FrontDoor, knock_for, take_or_knock, try_lock
from clawdesk.runtime.places import (
    config_dir,
    plane_lock,
    plane_socket,
    runtime_dir,
    window_lock,
    window_socket,
)
from clawdesk.runtime.plane import Plane
from clawdesk.runtime.recents import state_dir
from clawdesk.runtime.server import PlaneServer
from clawdesk.runtime.stalls import StallReport, StallWatch
from clawdesk.runtime.watch import Parts

if TYPE_CHECKING:
    from clawdesk.adapters.libvirt.image import GuestImage
    from clawdesk.adapters.secret_store import SecretStore

CONNECT_TRIES = 400
CONNECT_PAUSE_S = 0.05
"""A plane that ends answers the calls it took for up to ten seconds before it lets the lock go."""


async def build_parts() -> Parts:
    """The real adapters. Imports are here: libvirt and pygit2 cost a command that needs neither."""
    from clawdesk.adapters.egress import TcpEgress
    from clawdesk.adapters.fabric_client import FabricClient
    from clawdesk.adapters.git.repositories import GitRepositories
    from clawdesk.adapters.libvirt.channel import GuestChannels
    from clawdesk.adapters.libvirt.image import find_image
    from clawdesk.adapters.libvirt.opening import open_machines
    from clawdesk.adapters.libvirt.places import machine_home
    from clawdesk.adapters.openclaw import OpenClawChannels
    from clawdesk.adapters.set_up import HostSetUps
    from clawdesk.adapters.telemetry import HostTelemetry

    inference = FabricClient()
    machines = await open_machines(runtime=runtime_dir())
    home = machine_home()

    def image_present() -> str:
        image = find_image("base")
        return f"base {image.digest[:12]}" if image else ""

    return Parts(
        machines=machines,
        guests=GuestChannels(machines.socket_path, inference, TcpEgress()),
        repositories=GitRepositories(tips=state_dir() / "tips"),
        inference=inference,
        telemetry=HostTelemetry(
            disk=home, containers=lambda: inference.containers, machines=machines.pids
        ),
        clock=SystemClock(),
        workspaces=home / "workspaces",
        image_present=image_present,
        channels=OpenClawChannels(SystemClock()),
        secrets=secret_store(),
        set_ups=HostSetUps(),
    )


def secret_store() -> SecretStore:
    """The secrets of this user."""
    from clawdesk.adapters.secret_store import SecretStore

    return SecretStore(config_dir())


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A guest image, as the command line shows it."""

    name: str
    digest: str
    kernel: str
    folder: Path


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """An image layer, as the command line shows it."""

    name: str
    about: str
    bytes: int
    needed: bool


class GuestImages:
    """Guest images of this machine, and the layers that were set up on them."""

    def layers(self) -> list[LayerFacts]:
        from clawdesk.adapters.libvirt.kept_layers import kept_layers, layout_here

        found = kept_layers(layout_here())
        return [LayerFacts(one.name, one.about, one.bytes, one.needed) for one in found]

    def remove_layer(self, name: str) -> None:
        """Raises MachineError: tasks need it, or it may be taken up at any moment."""
        from clawdesk.adapters.libvirt.kept_layers import layout_here, remove_layer

        lock = try_lock(plane_lock())
        if lock is None:
            raise MachineError(
                "ClawDesk is running, and could begin a task with that layer.",
                mend="Close it, then try again.",
                code="busy",
            )
        try:
            remove_layer(layout_here(), name)
        finally:
            os.close(lock)

    def uses(self) -> dict[str, ImageUse]:
        """What stands on each image of this home, by its folder's name."""
        from clawdesk.adapters.libvirt.image import find_image
        from clawdesk.adapters.libvirt.image_recipe import image_names
        from clawdesk.adapters.libvirt.kept_layers import layout_here
        from clawdesk.adapters.libvirt.old_images import image_uses
        from clawdesk.adapters.libvirt.shelf import Shelf

        layout = layout_here()
        used = {image.digest for name in image_names() if (image := find_image(name)) is not None}
        return {use.id: use for use in image_uses(layout.home, Shelf(layout).needs(), used)}

    def list(self) -> list[ImageFacts]:
        from clawdesk.adapters.libvirt.image import list_images

        return [_facts(image) for image in list_images()]

    def build(self, name: str, progress: Callable[[str], None]) -> ImageFacts:
        """Build an image or find it. Raises MachineError."""
        from clawdesk.adapters.libvirt.image import build_image

        return _facts(build_image(name, progress))


def _facts(image: GuestImage) -> ImageFacts:
    return ImageFacts(image.name, image.digest, image.kernel_version, image.root.parent)


def resources_dir() -> Path:
    """Our resources: beside the package in a checkout, inside it in a wheel."""
    packaged = Path(__file__).parent / "_resources"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "resources"


def copy_demo(folder: Path | None) -> Path:
    """The sample project as a new repository; returns its folder. Raises RepositoryError."""
    from clawdesk.adapters.git.sample import make_sample

    return make_sample(resources_dir() / "demo", folder)


def guest_images() -> GuestImages:
    """What `clawdesk images` works on."""
    return GuestImages()


def desktop_notices() -> Notices:
    """What shows notices on this desktop; made inside the loop that uses it."""
    from clawdesk.adapters.desktop_notices import DesktopNotices

    return DesktopNotices()


@asynccontextmanager
async def open_plane(
    *, drive: bool = True, models: bool = False, parts: Callable[[], Awaitable[Parts]] = build_parts
) -> AsyncIterator[PlaneApi]:
    """The user's plane for as long as the block runs.

    Args:
        models: start the Fabric at once (the window shows its models).
        drive: False for commands that only look or decide: where no plane runs, tasks are then
            read from Git and decisions recorded, but no machine is started or ended.
    Raises:
        PortError: another version runs, or the runtime folder cannot be trusted.
    """
    lock = await _lock_or_connect()
    if isinstance(lock, PlaneClient):
        try:
            yield lock
        finally:
            await lock.close()
        return
    try:
        async with _own_plane(await parts(), drive=drive, models=models) as plane:
            yield plane
    finally:
        os.close(lock)


async def front_door(paths: Sequence[str]) -> FrontDoor | None:
    """The right to show the window; None when another process does and was given `paths`.

    Raises:
        PortError: a window that does not answer, or a runtime folder that cannot be trusted.
    """
    return await take_or_knock(window_lock(), window_socket(), knock_for(paths))


async def _lock_or_connect() -> int | PlaneClient:
    """The holder listens a moment after it took the lock, and no more before it lets it go.

    Neither a socket nor a lock gives an event to wait for.
    """
    for attempt in range(CONNECT_TRIES):
        lock = try_lock(plane_lock())
        if lock is not None:
            return lock
        try:
            return await PlaneClient.connect(plane_socket())
        except PortError as error:
            if error.code != "no_plane" or attempt == CONNECT_TRIES - 1:
                raise
            await asyncio.sleep(CONNECT_PAUSE_S)
    raise AssertionError("unreachable")


@asynccontextmanager
async def _own_plane(parts: Parts, *, drive: bool, models: bool) -> AsyncIterator[Plane]:
    plane = Plane(parts, drive=drive, models=models)
    server = PlaneServer(plane, plane_socket())
    stalls = StallWatch(StallReport(state_dir() / "stalls.txt"))
    stalls.start()
    try:
        await server.start()
        await plane.start()
        yield plane
    finally:
        await plane.rest()
        await server.finish()
        await plane.close()
        await server.close()
        await parts.guests.close()
        await parts.inference.close()
        await parts.machines.close()
        await parts.telemetry.close()
        stalls.stop()
