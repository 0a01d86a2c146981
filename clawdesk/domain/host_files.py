"""Which files would run, or steer what runs, on the user's machine after a merge, and when.

Pure, by name and mode. The tables name what ordinary tools start by themselves or with one usual
command: hooks, direnv, editor and CI settings, build files, package scripts, test set-up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PROGRAM_MODE = 0o100755


@dataclass(frozen=True, slots=True)
class HostRule:
    """One kind of such a file.

    Args:
        kind: what it is, for a list ("Git hook").
        when: what makes it run, a sentence's end ("runs at your next commit").
        by_itself: nobody has to start it: opening, entering or committing is enough.
        names: whole file names, lower case.
        folders: anything below a folder of that name.
        pattern: of the file name.
    """

    kind: str
    when: str
    by_itself: bool = False
    names: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RULES: tuple[HostRule, ...] = (
    HostRule(
        "shell set-up",
        "runs when you enter the folder or open a shell",
        by_itself=True,
        names=_words(".envrc .env .bashrc .bash_profile .profile .zshrc .zshenv .inputrc"),
        folders=_words(".direnv"),
    ),
    HostRule(
        "Git hook",
        "runs by itself at a commit, merge or push of yours",
        by_itself=True,
        names=_words(
            ".pre-commit-config.yaml .pre-commit-hooks.yaml lefthook.yml .lefthook.yml"
            " .lintstagedrc"
        ),
        folders=_words("hooks .husky .githooks .git-hooks"),
    ),
    HostRule(
        "Git setting",
        "Git obeys it in your copy",
        by_itself=True,
        names=_words(".gitattributes .gitmodules .gitconfig"),
    ),
    HostRule(
        "editor setting",
        "your editor obeys it when it opens the folder",
        by_itself=True,
        names=_words(
            ".editorconfig .vimrc .exrc .nvimrc .nvim.lua .dir-locals.el .lldbinit .gdbinit"
        ),
        folders=_words(".vscode .idea .fleet .zed .devcontainer"),
    ),
    HostRule(
        "assistant setting",
        "a coding assistant obeys it in your copy",
        by_itself=True,
        names=_words(".mcp.json claude.md agents.md .cursorrules"),
        folders=_words(".claude .cursor"),
    ),
    HostRule(
        "CI setting",
        "your CI service runs it after a push, with the secrets it has",
        by_itself=True,
        names=_words(
            ".gitlab-ci.yml .travis.yml .drone.yml azure-pipelines.yml bitbucket-pipelines.yml"
            " appveyor.yml jenkinsfile"
        ),
        folders=_words(".github .gitlab .circleci .buildkite .forgejo .gitea .woodpecker"),
        pattern=re.compile(r"\.workflow$"),
    ),
    HostRule(
        "ClawDesk setting",
        "it is what later tasks do and what you are asked about",
        folders=_words(".clawdesk"),
    ),
    HostRule(
        "package script",
        "runs when you install the project's packages",
        names=_words(
            "package.json .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs setup.py setup.cfg"
            " pyproject.toml requirements.txt pipfile gemfile cargo.toml build.rs pom.xml"
        ),
        folders=_words(".cargo .mvn .bundle"),
    ),
    HostRule(
        "build file",
        "runs when you build",
        names=_words(
            "makefile gnumakefile bsdmakefile justfile taskfile.yml taskfile.yaml rakefile"
            " cmakelists.txt configure meson.build build.gradle build.gradle.kts settings.gradle"
            " gradlew build.sbt"
        ),
        pattern=re.compile(r"\.(?:mk|cmake)$"),
    ),
    HostRule(
        "container recipe",
        "runs when you build or start the containers",
        names=_words(
            "dockerfile containerfile docker-compose.yml docker-compose.yaml compose.yml"
            " compose.yaml vagrantfile procfile"
        ),
        pattern=re.compile(r"^dockerfile\."),
    ),
    HostRule(
        "test set-up",
        "runs when you run the tests",
        names=_words("conftest.py noxfile.py tox.ini sitecustomize.py usercustomize.py"),
        pattern=re.compile(r"\.pth$"),
    ),
    HostRule(
        "tool setting",
        "runs when you start that tool",
        folders=_words(".config"),
        pattern=re.compile(
            r"(?:\.(?:service|desktop|command|bat|cmd|ps1)$)|(?:(?:vite|vitest|webpack|rollup|jest"
            r"|babel|eslint|prettier|next|nuxt|postcss|tailwind|gulpfile|gruntfile|karma|playwright"
            r"|cypress|metro|svelte|astro)(?:\.config)?\.[cm]?[jt]s$)"
        ),
    ),
)
PROGRAM = HostRule("program", "is executable: it runs when you or a script starts it")


def host_rule(path: str, new_mode: int = 0) -> HostRule | None:
    """The rule that a changed path falls under, None when nothing here would run it.

    Args:
        new_mode: mode after the change; an executable file counts, whatever its name.
    """
    *folders, name = path.lower().split("/")
    for rule in RULES:
        found = name in rule.names or any(folder in rule.folders for folder in folders)
        if found or (rule.pattern is not None and rule.pattern.search(name)):
            return rule
    return PROGRAM if new_mode == PROGRAM_MODE else None


def runs_on_host(path: str, new_mode: int = 0) -> bool:
    """Whether a changed path deserves a second look before it is merged."""
    return host_rule(path, new_mode) is not None
