"""What libgit2 and the operating system report, as sentences a user can act on.

libgit2's own texts are often useless (a full disk is "no error"), so the state of the disk and of
the folder is looked at instead of the words.
"""

from __future__ import annotations

import errno
import os

import pygit2

from clawdesk.ports.errors import RepositoryError

FREE_BYTES_MIN = 4 * 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_RACES = ("current tip is not the first parent", "old reference value does not match")

Foreign = (pygit2.GitError, OSError, KeyError, ValueError)
"""What pygit2 raises for a repository that is not as it should be."""


def is_locked(error: BaseException) -> bool:
    """A `.lock` file stands in the way."""
    return "failed to lock file" in str(error) or "is locked" in str(error)


def is_race(error: BaseException) -> bool:
    """Somebody else moved the ref first; reading again and repeating is right."""
    return any(text in str(error) for text in _RACES)


def explain(error: Exception, path: str, doing: str) -> RepositoryError:
    """The RepositoryError of a foreign error; `doing` ends the sentence "Could not ..."."""
    if isinstance(error, RepositoryError):
        return error
    try:
        disk = os.statvfs(path)
        os.stat(os.path.join(path, ".git"))  # noqa: PTH116, PTH118 - an empty mount point has none
    except OSError:
        return unavailable(path)
    number = getattr(error, "errno", None)
    free_bytes = disk.f_bavail * disk.f_frsize
    if number in _FULL or free_bytes < FREE_BYTES_MIN or (disk.f_files and disk.f_favail == 0):
        return RepositoryError(
            f"Could not {doing}: the disk of {path} is full ({free_bytes // 1024} KiB free).",
            mend="Free some space on that disk, then try again. Nothing was lost.",
            code="no_space",
        )
    if disk.f_flag & os.ST_RDONLY or number in _FORBIDDEN:
        return RepositoryError(
            f"Could not {doing}: {path} cannot be written.",
            mend="Make the folder writable for you, then try again.",
            code="read_only",
        )
    if is_locked(error):
        return RepositoryError(
            f"Could not {doing}: another Git program holds a lock ({_lock_of(error)}).",
            mend="Wait for that program; if none is running, delete the .lock file it names.",
            code="locked",
        )
    if isinstance(error, KeyError) or "object" in str(error):
        return RepositoryError(
            f"Could not {doing}: the repository {path} lacks or cannot read an object"
            f" ({_first_line(error)}).",
            mend=f"Look at it with: git -C {path} fsck",
            code="damaged",
        )
    return RepositoryError(f"Could not {doing} in {path}: {_first_line(error)}")


def unavailable(path: str) -> RepositoryError:
    """The folder is gone: moved, deleted or unmounted; it is never made anew."""
    return RepositoryError(
        f"{path} is not there any more: moved, deleted or unmounted.",
        mend="Bring it back to its place, or open it where it is now.",
        code="unavailable",
    )


def _lock_of(error: Exception) -> str:
    line = _first_line(error)
    return "index.lock in the Git directory" if "the index is locked" in line else line


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
