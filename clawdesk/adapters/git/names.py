"""Which paths, modes and link targets from a guest may become part of a tree.

Pure. libgit2's own checks are not enough: its tree builder takes backslashes, control characters
and look-alikes of `.git`, and raw objects are not checked at all. Everything here errs on the side
of refusal; a refusal is one short reason, "" means the name is good.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata

PATH_BYTES_MAX = 1024
NAME_BYTES_MAX = 255
DEPTH_MAX = 64
TARGET_BYTES_MAX = 1024

FILE_MODE = 0o100644
PROGRAM_MODE = 0o100755
LINK_MODE = 0o120000
MODES = frozenset({FILE_MODE, PROGRAM_MODE, LINK_MODE})

# What HFS+ leaves out when it compares names (git's own list, utf8.c), so `.g<U+200C>it` is .git.
_LEFT_OUT = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
# They turn the direction of text or have no width: a name could be shown as another.
_DECEPTIVE = frozenset([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])
_SHORT_NAMES = re.compile(r"(?:git|gi[0-9a-f]{1,4}|gitmod|gitatt|gitign)~[0-9]+")


def path_problem(path: str) -> str:
    """Why a path must not enter a tree; "" when it may."""
    if not path:
        return "empty name"
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return "not valid Unicode"
    if len(encoded) > PATH_BYTES_MAX:
        return f"longer than {PATH_BYTES_MAX} bytes"
    if path.startswith("/"):
        return "absolute path"
    parts = path.split("/")
    if len(parts) > DEPTH_MAX:
        return f"more than {DEPTH_MAX} folders deep"
    for part in parts:
        problem = name_problem(part)
        if problem:
            return problem
    return ""


def name_problem(name: str) -> str:
    """Why one component of a path must not enter a tree."""
    if name in ("", ".", ".."):
        return "empty name" if not name else f"{name!r} as a name"
    if len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES_MAX:
        return f"a name longer than {NAME_BYTES_MAX} bytes"
    if "\\" in name:
        return "backslash in a name"
    for char in name:
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") or ord(char) in _DECEPTIVE:
            return "control character in a name"
    if is_git_folder(name):
        return "would be .git"
    return ""


def is_git_folder(name: str) -> bool:
    """Whether some file system would take the name for `.git`."""
    return _canonical(name) == ".git" or _short(name)


def _canonical(name: str) -> str:
    """A name as HFS+ and NTFS compare it: no case, no ignored characters, no stream, no tail."""
    plain = unicodedata.normalize("NFKC", name.translate(_LEFT_OUT)).casefold()
    return plain.split(":", 1)[0].rstrip(" .")


def _short(name: str) -> bool:
    """8.3 names NTFS makes for .git, .gitmodules and their kin."""
    return _SHORT_NAMES.fullmatch(_canonical(name)) is not None


def link_problem(path: str, target: bytes) -> str:
    """Why a symbolic link must not enter a tree.

    `..` is allowed at the front only: behind a name it would be resolved through that name, which
    may itself be a link, and could so lead out of the project step by step.
    """
    if _canonical(path.rsplit("/", 1)[-1]).startswith(".git"):
        return "a link in place of a Git file"
    if not 1 <= len(target) <= TARGET_BYTES_MAX or b"\0" in target:
        return "link with an impossible target"
    try:
        text = target.decode("utf-8")
    except UnicodeDecodeError:
        return "link with a target that is not UTF-8"
    if text.startswith("/"):
        return "link to an absolute path"
    depth = len(path.split("/")) - 1
    named = False
    for part in text.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            depth -= 1
            if named or depth < 0:
                return "link that may lead out of the project"
            continue
        named = True
        problem = name_problem(part)
        if problem:
            return f"link through a bad name ({problem})"
    return ""


def mode_problem(mode: int) -> str:
    """Why a mode must not enter a tree: only files, programs and links may."""
    return "" if mode in MODES else f"mode {mode:o} is neither a file nor a link"


def same_name_key(name: str) -> str:
    """Two names with equal keys are one file on a file system that folds case."""
    return unicodedata.normalize("NFC", name).casefold()


def shown(path: str) -> str:
    """A hostile name made printable, for messages."""
    plain = path.encode("utf-8", "backslashreplace").decode("utf-8")
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in plain)
    return text if len(text) <= 120 else text[:119] + "…"


def parent_of(path: str) -> str:
    """The folder a path lies in; "" at the top."""
    return posixpath.dirname(path)
