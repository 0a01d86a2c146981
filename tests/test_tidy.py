"""Repository hygiene as tests: sizes, names, forbidden calls and texts, over the tracked files.

Adding a file is what triggers these rules; none of them looks at behaviour.
"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
BANNED_WORDS = {"job", "manager", "handler", "helper", "utils", "data", "info"}
NAMES_OF_OTHERS = {
    "build_data",
    # Names other people's interfaces force on us: logging, HTMLParser, aiohttp, Qt.
    "handler",
    "handle_data",
    "addHandler",
    "removeHandler",
    "data_received",
    "pipe_data_received",
    "data",
    "headerData",
    "setData",
    "mimeData",
    "dropMimeData",
}
NO_INIT = ("fabric", "vm", "resources", "packaging", "tests")
ADR_SECTIONS = ("## Context", "## Decision", "## Consequences", "## Evidence that it holds")
LOCAL_TRACES = re.compile(
    # Assembled from parts so that this file does not find itself.
    "|".join(
        [
            r"/wo" r"rk/",
            r"(?<![\w.])/ro" r"ot/",
            r"pypi\.o" r"rg",
            r"pythonho" r"sted",
            r"registry\.npm" r"js",
            r"deb\.deb" r"ian\.org",
            r"file:///o" r"pt/",
        ]
    )
)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SAFE_TEXT = "clawdesk/ui/safe_text.py"


@cache
def tracked() -> tuple[str, ...]:
    """Paths of all tracked files that still exist, relative to the root."""
    result = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if result.returncode != 0:
        pytest.skip("not a Git checkout: nothing says which files are ours")
    names = result.stdout.decode().split("\0")
    return tuple(name for name in names if name and (ROOT / name).is_file())


def python_files(*prefixes: str) -> list[str]:
    """Tracked Python files under the prefixes (all of them without)."""
    return [
        name
        for name in tracked()
        if name.endswith(".py") and (not prefixes or name.startswith(prefixes))
    ]


@cache
def text(name: str) -> str:
    """A tracked file as text; "" for a binary one."""
    raw = (ROOT / name).read_bytes()
    return "" if b"\0" in raw[:4096] else raw.decode("utf-8")


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name), name)


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    """Every node of a file, in the order of `ast.walk`."""
    return tuple(ast.walk(tree(name)))


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or attribute chain, "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else node.attr
    return ""


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a file with the dotted name of what is called."""
    for node in nodes(name):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def report(mistakes: list[str]) -> None:
    assert not mistakes, "\n" + "\n".join(mistakes)


def test_files_are_short() -> None:
    lengths = {name: text(name).count("\n") for name in python_files()}
    report([f"{n}: {c} lines" for n, c in lengths.items() if c > FILE_LINES_MAX])


def test_functions_are_short() -> None:
    mistakes = []
    for name in python_files():
        for node in nodes(name):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    mistakes.append(f"{name}:{node.lineno}: {node.name} has {lines} lines")
    report(mistakes)


def test_every_module_says_what_it_is() -> None:
    report(
        [
            name
            for name in python_files()
            if text(name).strip() and not ast.get_docstring(tree(name))
        ]
    )


def words_of(identifier: str) -> set[str]:
    """`lease_ms`, `LeaseMs` and `leaseMs` are the words lease and ms."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier)
    return set(spaced.lower().split("_"))


def names_defined(name: str) -> Iterator[tuple[int, str]]:
    for node in nodes(name):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def test_names_say_what_they_mean() -> None:
    mistakes = []
    for name in python_files():
        for part in Path(name).with_suffix("").parts:
            if words_of(part) & BANNED_WORDS:
                mistakes.append(f"{name}: banned word in the path")
        for line, identifier in names_defined(name):
            banned = words_of(identifier) & BANNED_WORDS
            if banned and identifier not in NAMES_OF_OTHERS:
                mistakes.append(f"{name}:{line}: {identifier} ({', '.join(banned)})")
    report(mistakes)


def test_nothing_names_the_machine_it_was_made_on() -> None:
    mistakes = []
    for name in tracked():
        if name.startswith("vm/image/"):
            continue  # paths in there are the guest's own
        for number, line in enumerate(text(name).splitlines(), 1):
            found = LOCAL_TRACES.search(line)
            if found:
                mistakes.append(f"{name}:{number}: {found.group()}")
    report(mistakes)


def test_no_module_of_the_folder_it_is_started_in_is_run() -> None:
    """`python -m` looks there first, and `clawdesk .` is started in strangers' projects: -P."""
    mistakes = []
    for name in tracked():
        if name.endswith(".py") and name.startswith(("clawdesk/", "fabric/", "vm/")):
            for number, line in enumerate(text(name).splitlines(), 1):
                if re.search(r"sys\.executable, \"-[mc]\"", line):
                    mistakes.append(f"{name}:{number}: say -P")
    report(mistakes)


def test_nothing_is_left_for_later() -> None:
    mistakes = []
    for name in tracked():
        for number, line in enumerate(text(name).splitlines(), 1):
            if UNFINISHED.search(line):
                mistakes.append(f"{name}:{number}: {line.strip()[:80]}")
    report(mistakes)


def test_tests_wait_for_events() -> None:
    mistakes = []
    for name in python_files("tests/"):
        for called, node in calls(name):
            if called in {"time.sleep", "sleep", "QTest.qWait", "qWait", "QThread.sleep"}:
                mistakes.append(f"{name}:{node.lineno}: {called}() as waiting")
            elif called == "asyncio.sleep":
                zero = isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
                if not zero:
                    mistakes.append(f"{name}:{node.lineno}: asyncio.sleep() as waiting")
    report(mistakes)


def test_folders_named_like_other_packages_are_none() -> None:
    report([f"{folder}/__init__.py" for folder in NO_INIT if f"{folder}/__init__.py" in tracked()])


def test_every_decision_is_written_whole() -> None:
    records = [name for name in tracked() if re.fullmatch(r"docs/adr/\d{4}-.*\.md", name)]
    numbers = sorted(Path(name).name[:4] for name in records)
    assert numbers[:8] == [f"{number:04}" for number in range(1, 9)]
    assert len(numbers) == len(set(numbers)), "two records with one number"
    mistakes = []
    for name in records:
        for section in ADR_SECTIONS:
            if f"\n{section}\n" not in text(name):
                mistakes.append(f"{name}: no section {section!r}")
    report(mistakes)


def test_the_evidence_exists() -> None:
    """A test or file that a decision record names in backquotes must be there, or be announced."""
    mistakes = []
    for name in tracked():
        if not name.startswith("docs/adr/"):
            continue
        for number, line in enumerate(text(name).splitlines(), 1):
            if "still to come" in line:
                continue
            for path in re.findall(r"`((?:tests|clawdesk|fabric|vm|packaging)/[\w./-]+)`", line):
                if not (ROOT / path).exists():
                    mistakes.append(f"{name}:{number}: {path} does not exist")
    report(mistakes)


STATIC_BOXES = {"question", "information", "warning", "critical", "about"}
RICH_TEXT = {"setHtml", "setMarkdown", "insertHtml", "toHtml"}


def window_mistakes(name: str) -> Iterator[str]:
    for called, node in calls(name):
        owner, _, method = called.rpartition(".")
        where = f"{name}:{node.lineno}:"
        if method in {"exec", "exec_"} and "app" not in owner.lower():
            yield f"{where} {called}() runs a nested event loop; use open()"
        if owner.endswith("QMessageBox") and method in STATIC_BOXES:
            yield f"{where} {called}() blocks; open() a dialog"
        if owner.endswith("QFileDialog") and method.startswith("get"):
            yield f"{where} {called}() blocks; open() a dialog"
        if method in RICH_TEXT:
            yield f"{where} {called}() shows untrusted text as markup"
        if method == "allWidgets" or (method == "findChildren" and not _finds_ours(node)):
            yield f"{where} {called}() wraps what Qt made; use ours()"
        if called.endswith("QLabel") and name != SAFE_TEXT and node.args:
            first = node.args[0]
            if not isinstance(first, ast.Constant) and not _is_widget(first):
                yield f"{where} QLabel of a text that is no literal; use safe_text"


def _is_widget(node: ast.AST) -> bool:
    """Whether the first argument is a parent widget rather than a text."""
    return dotted(node) in {"self", "parent"}


def _finds_ours(node: ast.Call) -> bool:
    """Whether only a class of this program is looked for; Qt's begin with a Q."""
    kind = dotted(node.args[0]).rpartition(".")[2] if node.args else "Q"
    return not kind.startswith("Q")


def test_the_window_never_blocks_shows_no_markup_and_wraps_only_its_own() -> None:
    report([m for name in python_files("clawdesk/") for m in window_mistakes(name)])


ALL_OF_QT = """
app.allWidgets()
QApplication.allWidgets()
region.findChildren(QWidget)
region.findChildren(QtWidgets.QLabel, "name")
region.findChildren()
"""


def test_each_way_to_all_of_qts_objects_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {"bad.py": ALL_OF_QT, "good.py": "region.findChildren(Sheet)\nours(region)\n"}
    monkeypatch.setattr(
        sys.modules[__name__], "nodes", lambda name: ast.walk(ast.parse(texts[name]))
    )
    assert len(list(window_mistakes("bad.py"))) == 5
    assert list(window_mistakes("good.py")) == []


def modules_imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


def is_git_command(node: ast.AST) -> bool:
    """Whether a list or tuple is a command line of git; asking for its version is allowed."""
    if not isinstance(node, ast.List | ast.Tuple) or len(node.elts) < 2:
        return False
    words = [word.value if isinstance(word, ast.Constant) else None for word in node.elts[:2]]
    return words[0] == "git" and words[1] != "--version"


def test_repositories_are_never_touched_by_git_itself() -> None:
    """Git's own program would run a project's hooks and filters on the user's machine."""
    mistakes = []
    for name in python_files("clawdesk/"):
        in_adapter = name.startswith("clawdesk/adapters/git/")
        for node in nodes(name):
            if in_adapter and "subprocess" in modules_imported(node):
                mistakes.append(f"{name}: imports subprocess")
            if is_git_command(node):
                mistakes.append(f"{name}: {ast.unparse(node)}")
    report(mistakes)


NOT_FROM_THE_ENVIRONMENT = {
    "gi",  # the system's Python, which drives the window in tests
    "xllamacpp",  # inside the inference image
    "notes",  # beside the sample project's tools
}
OURS = {"clawdesk", "clawdesk_fabric", "clawdesk_guest", "clawdesk_setup", "tests"}


def test_every_library_in_use_has_an_exact_version() -> None:
    """What is imported but not pinned works only where somebody installed it by hand."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    known = importlib.metadata.packages_distributions()
    aside = NOT_FROM_THE_ENVIRONMENT | OURS | set(sys.stdlib_module_names)
    mistakes = []
    for name in python_files():
        for node in nodes(name):
            for module in modules_imported(node):
                top = module.split(".")[0]
                makers = {maker.lower().replace("_", "-") for maker in known.get(top, [])}
                if top and top not in aside and not makers & pinned:
                    mistakes.append(f"{name}: {top} is not in constraints.txt")
    report(mistakes)


def test_nothing_goes_through_a_shell() -> None:
    mistakes = []
    for name in python_files("clawdesk/", "fabric/", "vm/", "packaging/"):
        for called, node in calls(name):
            shell = any(
                keyword.arg == "shell"
                and isinstance(keyword.value, ast.Constant)
                and keyword.value.value is True
                for keyword in node.keywords
            )
            if shell or called in {"os.system", "os.popen"}:
                mistakes.append(f"{name}:{node.lineno}: {called} through a shell")
    report(mistakes)
