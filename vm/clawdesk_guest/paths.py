"""Which paths may be written in a workspace: judged before anything is touched, by both ends.

A name is only text here; what lies at it in the workspace is `placing`'s affair.
"""

PATH_CHARS_MAX = 4096
NAME_BYTES_MAX = 255
TARGET_BYTES_MAX = 4095
FILE, PROGRAM, LINK = 0o100644, 0o100755, 0o120000
MODES = frozenset({FILE, PROGRAM, LINK})
PART_NAME = ".clawdesk-part-7b1f"
"""What a file is called until it is complete, in the directory it will be in. There is one such
file at a time; `collect` leaves it out, and the next `put` in that directory removes it."""


def path_mistake(path: str) -> str:
    """Why a path must not be written, "" if it may: relative, plain names, nothing of Git's."""
    if not path or len(path) > PATH_CHARS_MAX:
        return "the path is empty or too long"
    if path.startswith("/"):
        return "the path is absolute"
    for name in path.split("/"):
        if name in ("", ".", ".."):
            return f"the path has {name!r} as a name"
        if name.casefold() == ".git":
            return "the path leads into a Git repository"
        try:
            size = len(name.encode())
        except UnicodeEncodeError:
            return "the path is not valid Unicode"
        if size > NAME_BYTES_MAX or "\0" in name:
            return "the path has a name that no file can have"
    return ""


def link_mistake(target: bytes) -> str:
    """Why a symbolic link cannot have this target, "" if it can."""
    if not 1 <= len(target) <= TARGET_BYTES_MAX or b"\0" in target:
        return "the link has a target that no link can have"
    return ""
