"""The workspace of a task: unpacked from a disk, compared with what it was at the start.

The comparison has a git directory and an index of its own, outside the workspace, so that nothing
a task does to /workspace/.git matters. Runs in a child process; see `errand`.
"""

import os
import stat
import struct
import time

from clawdesk_guest import protocol
from clawdesk_guest.errand import Work, output_of
from clawdesk_guest.listing import ENTRY, Differences, Listing, Walk, numbers_of, sha1, walked
from clawdesk_guest.paths import PART_NAME

_BLKFLSBUF = 0x1261
_PATH_LENGTH_MAX = 0xFFF
_COPY_BYTES = 1 << 20
_WHOLE_FILE_BYTES_MAX = 16 << 20
_GITLINK = 0o160000
_SLOW_S = 2.0

_WORKSPACE_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tlogallrefupdates = true
"""
_PRIVATE_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = false
\tautocrlf = false
\tsymlinks = true
\tignorecase = false
"""
# Attributes of the work tree must not hide a change (line ends, filters); this file outranks them.
_PRIVATE_ATTRIBUTES = "* -text -eol -ident -filter -working-tree-encoding\n"


class Workspace:
    """Paths of one guest's workspace.

    Args:
        folder: where steps run; made by `unpack`.
        state: private folder on the same file system.
        disk: block device (or file) that holds the tar.
    """

    def __init__(self, folder: str, state: str, disk: str) -> None:
        self.folder = folder
        self._state = state
        self._disk = disk
        self._git = f"{state}/base.git"
        self._seen = f"{state}/seen"
        self._ignored = f"{state}/excludes"  # the start tree's .gitignore rules, from the tar
        self._listing = Listing(folder, f"{self._git}/index")
        self._env = {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_OPTIONAL_LOCKS": "0",
        }

    # In

    def works(self) -> dict[str, Work]:
        """What a child does with it (`errand`), by the names it is told."""

        def rest(out: int, files_max: int, bytes_max: int) -> None:
            os.sync()
            self.collect(out, files_max, bytes_max)

        return {
            "unpack": self.unpack,
            "collect": self.collect,
            "changed": lambda _: self.has_changed(),
            "sync": lambda _: os.sync(),
            "rest": rest,
        }

    def unpack(self, _out: int) -> None:
        """Lay out the workspace: its files, a one-commit repository, and what we compare with."""
        incoming = f"{self._state}/incoming"
        os.makedirs(incoming)
        _drop_cached_blocks(self._disk)
        tar = ["tar", "-x", "--no-same-owner", "-f", self._disk, "-C", incoming]
        output_of(tar, self._env)
        os.rename(f"{incoming}/workspace", self.folder)
        git = f"{self.folder}/.git"
        os.rename(f"{incoming}/base.git", git)
        os.rename(f"{incoming}/excludes", self._ignored)
        with open(f"{incoming}/listing", "rb") as listing:
            entries = [_parse_entry(line) for line in _split(listing.read())]
        os.unlink(f"{incoming}/listing")
        os.rmdir(incoming)
        _write(f"{git}/config", _WORKSPACE_CONFIG.encode())
        index = self._index(entries)
        _write(f"{git}/index", index)
        self._make_private(index)

    def _index(self, entries: list[tuple[int, bytes, bytes]]) -> bytes:
        """A git index (version 2) of the files as they lie there.

        `git add` would read and hash every file again (9 s for 2,000 files under emulation);
        the files were just written from the very tree the index names.
        """
        out = [struct.pack(">4sII", b"DIRC", 2, len(entries))]
        root = os.fsencode(self.folder)
        for mode, oid, path in entries:
            place = os.path.join(root, path)
            if mode == _GITLINK:
                os.makedirs(place, exist_ok=True)
            length = min(len(path), _PATH_LENGTH_MAX)
            entry = ENTRY.pack(*numbers_of(os.lstat(place), mode), oid, length) + path
            out.append(entry + bytes(8 - len(entry) % 8))
        content = b"".join(out)
        return content + sha1(content)

    def _make_private(self, index: bytes) -> None:
        for folder in ("objects", "refs", "info"):
            os.makedirs(f"{self._git}/{folder}")
        _write(f"{self._git}/HEAD", b"ref: refs/heads/base\n")
        _write(f"{self._git}/config", _PRIVATE_CONFIG.encode())
        _write(f"{self._git}/info/attributes", _PRIVATE_ATTRIBUTES.encode())
        _write(f"{self._git}/index", index)

    # Out

    def collect(self, out: int, files_max: int, bytes_max: int) -> None:
        """Write records (protocol.RECORDS) of everything that differs from the start."""
        changed, deleted, skipped = self._differences()
        sizes = [(path, _size(os.path.join(os.fsencode(self.folder), path))) for path in changed]
        count, size = len(changed) + len(deleted), sum(size for _, size in sizes)
        if count > files_max or size > bytes_max:
            _send(out, {"op": "too_many", "files": count, "bytes": size})
        else:
            for path in deleted:
                _send(out, {"op": "deleted", "path": path.decode()})
            for path in changed:
                why = self._send_file(out, path)
                if why:
                    skipped.append((path, why))
            for path, why in skipped:
                shown = path.decode(errors="backslashreplace")
                _send(out, {"op": "skipped", "path": shown[:4000], "why": why})
        _send(out, {"op": "finish"})

    def _differences(self) -> tuple[list[bytes], list[bytes], list[tuple[bytes, str]]]:
        """(paths to send, paths gone, paths not taken and why), each sorted."""
        walk = walked(self.folder)
        found, deleted, others = self._listing.known(walk) or self._asked(walk)
        skipped = [(path, "neither a file nor a symbolic link") for path in walk.special]
        for path in others:
            if path.endswith(b"/"):
                skipped.append((path, "a Git repository inside the workspace is not taken"))
            else:
                found.append(path)
        for paths in (found, deleted):
            for path in [path for path in paths if not _is_utf8(path)]:
                paths.remove(path)
                skipped.append((path, "its name is not UTF-8"))
        return sorted(found), sorted(deleted), sorted(skipped)

    def _asked(self, walk: Walk) -> Differences:
        """What differs, by git.

        One call says it all, as starting a program is dear. But it looks through links to folders
        and takes submodules for files: where there may be any, git is asked exactly.
        """
        found: list[bytes] = []
        deleted: list[bytes] = []
        others: list[bytes] = []
        leave_out = (f"--exclude-from={self._ignored}", f"--exclude={PART_NAME}")
        begun = time.monotonic()
        listing = self._git_call("ls-files", "-t", "-m", "-d", "-o", *leave_out)
        for tag, path in ((line[:1], line[2:]) for line in listing):
            {b"?": others, b"R": deleted}.get(tag, found).append(path)
        self._listing.learn(walk, others)
        if time.monotonic() - begun > _SLOW_S:
            self._refresh()  # it read files that were only touched; next time it need not
        root = os.fsencode(self.folder)
        has_folders = any(os.path.isdir(os.path.join(root, path)) for path in found)
        if walk.is_linked or deleted or has_folders:
            found, deleted = self._tracked()
        return found, deleted, others

    def has_changed(self) -> bool:
        """Whether what `collect` would send may be other than when this was asked before.

        By names and by what the file system says of them; git reads what was touched, no more. What
        is ignored, or as it was, is no change, as it is none of a checkpoint's.
        """
        changed, deleted, _ = self._differences()
        root = os.fsencode(self.folder)
        lines = [b"%s %s" % (path, _signs(os.path.join(root, path))) for path in changed]
        now = b"\0".join([*lines, b"", *deleted])
        try:
            with open(self._seen, "rb") as seen:
                before = seen.read()
        except FileNotFoundError:
            before = b""  # as at the start: nothing differs
        if now == before:
            return False
        _write(self._seen, now)
        return True

    def _tracked(self) -> tuple[list[bytes], list[bytes]]:
        """Of the files of the start tree: (changed, gone)."""
        self._refresh()
        changed: list[bytes] = []
        deleted: list[bytes] = []
        fields = self._git_call("diff-files", "--raw", "--no-renames")
        for about, path in zip(fields[::2], fields[1::2], strict=True):
            if not about.startswith(b":160000"):
                (deleted if about.endswith(b" D") else changed).append(path)
        return changed, deleted

    def _refresh(self) -> None:
        output_of(
            [*self._git_command(), "update-index", "-q", "--refresh"], self._env, may_fail=True
        )

    def _git_command(self) -> list[str]:
        return ["git", f"--git-dir={self._git}", f"--work-tree={self.folder}"]

    def _git_call(self, name: str, *arguments: str) -> list[bytes]:
        return _split(output_of([*self._git_command(), name, "-z", *arguments], self._env))

    def _send_file(self, out: int, path: bytes) -> str:
        """Send one record; returns why not, "" when sent."""
        place = os.path.join(os.fsencode(self.folder), path)
        name = path.decode()
        try:
            mode = os.lstat(place).st_mode
            if stat.S_ISLNK(mode):
                target = os.readlink(place)
                _send(out, {"op": "file", "path": name, "mode": 0o120000, "size": len(target)})
                _write_all(out, target)
            elif stat.S_ISREG(mode):
                _send_regular(out, place, name)
            else:
                return ""  # Listed among the special files, or became a folder meanwhile.
        except FileNotFoundError:
            return "it vanished while the workspace was read"
        except PermissionError as error:
            return f"it cannot be read: {error.strerror}"
        return ""


def _send_regular(out: int, place: bytes, name: str) -> None:
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as source:
        state = os.fstat(descriptor)
        size = state.st_size
        mode = 0o100755 if state.st_mode & 0o100 else 0o100644
        whole = source.read(size) if size <= _WHOLE_FILE_BYTES_MAX else None
        if whole is not None:
            size = len(whole)
        _send(out, {"op": "file", "path": name, "mode": mode, "size": size})
        if whole is not None:
            _write_all(out, whole)
            return
        while size:
            block = source.read(min(size, _COPY_BYTES))
            if not block:
                raise RuntimeError(f"{name} shrank while it was read; try the checkpoint again")
            _write_all(out, block)
            size -= len(block)


def _parse_entry(line: bytes) -> tuple[int, bytes, bytes]:
    about, _, path = line.partition(b"\t")
    mode, oid = about.split(b" ")
    return int(mode, 8), bytes.fromhex(oid.decode()), path


def _split(listing: bytes) -> list[bytes]:
    return listing.split(b"\0")[:-1]


def _is_utf8(path: bytes) -> bool:
    try:
        path.decode()
    except UnicodeDecodeError:
        return False
    return True


def _size(place: bytes) -> int:
    try:
        return os.lstat(place).st_size
    except OSError:
        return 0


def _signs(place: bytes) -> bytes:
    """What changes with a file, whatever is done to it: even `touch` cannot set the last of it."""
    try:
        s = os.lstat(place)
    except OSError:
        return b"gone"
    return b"%o %d %d %d" % (s.st_mode, s.st_size, s.st_ino, s.st_ctime_ns)


def _send(out: int, head: protocol.Message) -> None:
    _write_all(out, protocol.pack_record(head))


def _write_all(out: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(out, view) :]


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as out:
        out.write(content)


def _drop_cached_blocks(disk: str) -> None:
    """Forget what the kernel read of the disk: a template saw another disk in its place."""
    import fcntl

    descriptor = os.open(disk, os.O_RDONLY)
    try:
        if stat.S_ISBLK(os.fstat(descriptor).st_mode):
            fcntl.ioctl(descriptor, _BLKFLSBUF)
    finally:
        os.close(descriptor)
