"""Guest images of a home: what stands on each, and the end of those that nothing does.

A new version builds an image of its own; machines and snapshots of tasks go on with the one they
were started from. Only folders are looked at, never what is in an image. Calls block.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from clawdesk.adapters.libvirt.image_commands import locked
from clawdesk.adapters.libvirt.shelf import Needs
from clawdesk.ports.errors import MachineError
from clawdesk.ports.machines import ImageUse

IMAGES = "images"
_BLOCK_BYTES = 512  # the unit of st_blocks on every file system
_DIGEST_CHARS = 16
# What `image.py` names them: image, recipe, all inputs; a build that was cut off left the second.
_FOLDER = re.compile(r"(?P<name>[^./][^/]*)-[0-9a-f]{16}-(?P<digest>[0-9a-f]{16})")
_BEGUN = re.compile(rf"\.{_FOLDER.pattern}\.part")


def image_uses(home: Path, needs: Iterable[Needs], used: Collection[str]) -> tuple[ImageUse, ...]:
    """Every image of a home, oldest first.

    Args:
        needs: of every record in the home.
        used: digests of images that this program starts machines from.
    """
    needs = list(needs)
    kept = {digest[:_DIGEST_CHARS] for digest in used}
    found = []
    for folder, at_ms in _folders(home):
        named = _FOLDER.fullmatch(folder.name)
        begun = _BEGUN.fullmatch(folder.name)
        match = named or begun
        assert match is not None, "others are no folders of images"
        on_it = [each for each in needs if named and _stands_on(each, match["digest"])]
        found.append(
            ImageUse(
                id=folder.name,
                name=match["name"],
                bytes=_bytes(folder),
                at_ms=at_ms,
                whole=named is not None,
                current=named is not None and match["digest"] in kept,
                snapshots=sum(1 for each in on_it if each.memory and not _of_template(each, home)),
                machines=sum(1 for each in on_it if not each.memory),
            )
        )
    return tuple(sorted(found, key=lambda use: (use.at_ms, use.id)))


def remove_images(
    home: Path, needs: Iterable[Needs], used: Collection[str], ids: Collection[str]
) -> tuple[ImageUse, ...]:
    """Remove those of `ids` that are spare, and the warm templates on them; returns what went.

    Nobody may give a machine or a snapshot another image meanwhile.

    Raises:
        MachineError: an image is being built (code `busy`); nothing was removed.
        OSError: a folder could not be removed.
    """
    needs = list(needs)

    def spare() -> list[ImageUse]:
        return [use for use in image_uses(home, needs, used) if use.id in ids and use.spare]

    with _no_build(home, {use.name for use in spare()}):
        going = spare()  # looked at anew: a build may just have ended
        for use in going:
            digest = use.id.rpartition("-")[2]
            for each in needs:
                # No task stands on them: its records would name the image as well.
                if use.whole and _of_template(each, home) and _stands_on(each, digest):
                    shutil.rmtree(each.record.parent)
            # By one rename, so that half an image is never found. A build takes this name away.
            gone = home / IMAGES / f".{use.id.strip('.').removesuffix('.part')}.part"
            if use.whole:
                shutil.rmtree(gone, ignore_errors=True)
                (home / IMAGES / use.id).rename(gone)
            shutil.rmtree(gone)
    return tuple(going)


def _folders(home: Path) -> Iterator[tuple[Path, int]]:
    """The folders of images, and when each was filled."""
    images = home / IMAGES
    if images.is_symlink() or not images.is_dir():
        return  # others' images: records of another home may stand on them
    for path in images.iterdir():
        if not _FOLDER.fullmatch(path.name) and not _BEGUN.fullmatch(path.name):
            continue
        with suppress(FileNotFoundError):  # removed, or built, while we look
            seen = path.lstat()
            if stat.S_ISDIR(seen.st_mode):
                yield path, seen.st_mtime_ns // 1_000_000


def _stands_on(needs: Needs, digest: str) -> bool:
    return needs.image[:_DIGEST_CHARS] == digest


def _of_template(needs: Needs, home: Path) -> bool:
    return needs.record.is_relative_to(home / "templates")


def _bytes(folder: Path) -> int:
    blocks = 0
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            blocks += path.lstat().st_blocks
    return blocks * _BLOCK_BYTES


@contextmanager
def _no_build(home: Path, names: set[str]) -> Iterator[None]:
    """While inside, no image of these names is built, by whatever program."""
    with ExitStack() as held:
        for name in sorted(names):
            try:
                held.enter_context(locked(home / IMAGES / f"{name}.lock", wait=False))
            except BlockingIOError:
                raise MachineError(
                    f"The guest image {name!r} is being built; nothing was removed.",
                    mend="Try again when it is ready.",
                    code="busy",
                ) from None
        yield
