"""Makes the sample project: a copy of resources/demo as a Git repository of its own."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

import platformdirs
import pygit2

from clawdesk.ports.errors import RepositoryError

AUTHOR = ("ClawDesk sample", "sample@localhost")


def make_sample(source: Path, folder: Path | None) -> Path:
    """Copy `source` to `folder` and commit it.

    Args:
        folder: must not exist or be empty; None = a new one under XDG_DATA_HOME.
    Raises:
        RepositoryError: the folder is in use or cannot be written.
    """
    try:
        target = folder.resolve() if folder else _fresh()
    except OSError as error:
        raise _unwritable(error) from error
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise RepositoryError(
            f"{target} is no empty folder.", mend="Name a new folder with --dir.", code="not_empty"
        )
    try:
        shutil.copytree(source, target, dirs_exist_ok=True)
        _commit(target)
    except shutil.Error as error:
        # One entry a file, each (from, to, why); they fail alike, and the first is enough.
        raise _unwritable(OSError(error.args[0][0][2])) from error
    except OSError as error:
        raise _unwritable(error) from error
    return target


def _unwritable(error: OSError) -> RepositoryError:
    return RepositoryError(
        f"The sample could not be written: {error.strerror or error}.",
        mend="Name a folder of yours on a disk with room by --dir.",
    )


def _fresh() -> Path:
    base = platformdirs.user_data_path("clawdesk", appauthor=False) / "samples"
    base.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        target = base / ("field-notes" if number == 1 else f"field-notes-{number}")
        if not target.exists():
            return target
    raise AssertionError("unreachable")


def _commit(folder: Path) -> None:
    repository = pygit2.init_repository(folder, initial_head="main")
    # A name of its own, so that the sample can be merged on a machine without a Git identity.
    repository.config["user.name"], repository.config["user.email"] = AUTHOR
    repository.index.add_all()
    repository.index.write()
    signature = pygit2.Signature(*AUTHOR)
    tree = repository.index.write_tree()
    repository.create_commit("HEAD", signature, signature, "Field notes", tree, [])
    repository.free()
