"""Which files would run, or steer what runs, on the user's machine once a change is merged.

Pure, by name and mode. The list names what ordinary tools start by themselves or with one usual
command: build files, package scripts, editor and CI settings, hooks, direnv, test set-up.
"""

from __future__ import annotations

import re

_EXACT = frozenset(
    """
    makefile gnumakefile bsdmakefile justfile taskfile.yml taskfile.yaml rakefile gemfile
    cmakelists.txt configure meson.build build.gradle build.gradle.kts settings.gradle gradlew
    build.sbt pom.xml build.rs cargo.toml dockerfile containerfile docker-compose.yml
    docker-compose.yaml compose.yml compose.yaml jenkinsfile vagrantfile procfile
    package.json .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs
    setup.py setup.cfg pyproject.toml conftest.py noxfile.py tox.ini sitecustomize.py
    usercustomize.py requirements.txt pipfile
    .gitlab-ci.yml .travis.yml .drone.yml azure-pipelines.yml bitbucket-pipelines.yml appveyor.yml
    .pre-commit-config.yaml .pre-commit-hooks.yaml lefthook.yml .lefthook.yml .lintstagedrc
    .envrc .env .bashrc .bash_profile .profile .zshrc .zshenv .gitattributes .gitmodules .gitconfig
    .editorconfig .vimrc .exrc .nvimrc .nvim.lua .dir-locals.el .lldbinit .gdbinit .inputrc
    .mcp.json claude.md agents.md .cursorrules
    """.split()  # noqa: SIM905 - a list of names reads better as words
)
_FOLDERS = frozenset(
    """
    .github .gitlab .circleci .buildkite .forgejo .gitea .woodpecker .husky .githooks .git-hooks
    .vscode .idea .fleet .zed .devcontainer .cargo .mvn .bundle .direnv .clawdesk .claude .cursor
    .config hooks
    """.split()  # noqa: SIM905
)
_ENDINGS = re.compile(r"\.(?:mk|cmake|service|desktop|pth|workflow|command|bat|cmd|ps1)$")
_TYPED_CONFIG = re.compile(
    r"(?:vite|vitest|webpack|rollup|jest|babel|eslint|prettier|next|nuxt|postcss|tailwind|gulpfile"
    r"|gruntfile|karma|playwright|cypress|metro|svelte|astro)(?:\.config)?\.[cm]?[jt]s$"
)
_PROGRAM_MODE = 0o100755


def runs_on_host(path: str, new_mode: int = 0) -> bool:
    """Whether a changed path deserves a second look before it is merged.

    Args:
        new_mode: mode after the change; an executable file counts, whatever its name.
    """
    *folders, name = path.lower().split("/")
    if any(folder in _FOLDERS for folder in folders) or name in _EXACT:
        return True
    if name.startswith("dockerfile.") or _ENDINGS.search(name) or _TYPED_CONFIG.search(name):
        return True
    return new_mode == _PROGRAM_MODE
