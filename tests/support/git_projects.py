"""Real repositories for tests: made and looked at with Git's own program, never by the adapter.

Only repositories a test made itself are touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel

Content = bytes | str
TEMPLATE = Path(__file__).parent / "git_template"
"""The settings a repository starts with: Ann is its user."""
ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
    "PATH": os.environ.get("PATH", os.defpath),
    "LC_ALL": "C.UTF-8",
}


@contextlib.contextmanager
def only_own_settings(folder: Path) -> Iterator[Path]:
    """Let libgit2 read `folder` in place of the settings of whoever runs the tests.

    libgit2 looks at HOME once a process, so changing the environment is not enough.
    """
    levels = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)
    before = {level: pygit2.settings.search_path[level] for level in levels}
    try:
        for level in levels:
            pygit2.settings.search_path[level] = os.fspath(folder)
        yield folder
    finally:
        for level, path in before.items():
            pygit2.settings.search_path[level] = path


class GitProject:
    """A repository with one commit, on branch main, whose user is Ann."""

    def __init__(self, folder: Path, contents: Mapping[str, Content], *arguments: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", f"--template={TEMPLATE}", *arguments)
        if contents:
            self.commit(contents)

    @property
    def path(self) -> str:
        return os.path.realpath(self.folder)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Run git here; its output without the last line break. Fails the test on failure."""
        done = subprocess.run(
            ["git", "-C", os.fspath(self.folder), *arguments],
            env=ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"git {arguments}: {done.stderr.decode()}"
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def edit(self, contents: Mapping[str, Content | None]) -> None:
        """Change files of the work tree; None deletes one."""
        for name, content in contents.items():
            path = self.folder / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, contents: Mapping[str, Content | None]) -> str:
        """Change files and commit everything."""
        self.edit(contents)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "by the user")
        return self.head

    def files(self) -> dict[str, bytes]:
        """Every file of the work tree."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
                continue
            is_link = path.is_symlink()
            found[name] = os.fsencode(path.readlink()) if is_link else path.read_bytes()
        return found

    def tree(self, commit: str) -> str:
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def users_side(self) -> dict[str, str]:
        """Everything that is the user's: hashes and times of index, HEAD, branches, files."""
        git_dir = self.folder / ".git"
        found = {}
        for path in [git_dir / "index", git_dir / "HEAD", git_dir / "config"]:
            found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        found["branches"] = self.git("for-each-ref", "refs/heads", "refs/tags", "refs/stash")
        for path in sorted(self.folder.rglob("*")):
            if ".git" not in path.relative_to(self.folder).parts[:1]:
                state = path.lstat()
                found[str(path)] = f"{state.st_mtime_ns} {state.st_mode} {state.st_size}"
        return found

    def fsck(self) -> str:
        """What `git fsck --strict` complains about; "" for a sound repository."""
        done = subprocess.run(
            ["git", "-C", os.fspath(self.folder), "fsck", "--strict", "--full", "--no-dangling"],
            env=ENVIRONMENT,
            capture_output=True,
            check=False,
        )
        text = done.stdout + done.stderr
        lines = [line for line in text.decode().splitlines() if line and "Checking" not in line]
        return "\n".join(lines) if done.returncode else ""
