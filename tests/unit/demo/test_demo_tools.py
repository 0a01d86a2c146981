"""The sample project's tools, run as the guest runs them: beside a `claw` and a model server.

Both are small real programs here: a script on PATH, and an HTTP server on the loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clawdesk.domain.definitions import parse_task

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "resources/demo"
CLAW = """#!/bin/sh
echo "$@" >> "$CLAW_LOG"
case "$1" in
  ask) echo "$CLAW_ANSWER" ;;
  feedback) printf '%s' "$CLAW_FEEDBACK" ;;
esac
"""


class Model(ThreadingHTTPServer):
    """Answers chat completions with a count, so that each answer can be told from the others."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[dict[str, object]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Answer(BaseHTTPRequestHandler):
    server: Model

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.asked.append(json.loads(self.rfile.read(length)))
        content = f" A title,\nnumber `{len(self.server.asked)}` "
        body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet: the test's own assertions say what went wrong."""


@pytest.fixture
def model() -> Iterator[Model]:
    server = Model()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class Project:
    """A copy of the sample project with what the guest would give it."""

    def __init__(self, path: Path, model: Model) -> None:
        self.path = path / "project"
        shutil.copytree(DEMO, self.path, ignore=shutil.ignore_patterns("__pycache__"))
        programs = path / "bin"
        programs.mkdir()
        (programs / "claw").write_text(CLAW)
        (programs / "claw").chmod(0o755)
        self.log = path / "claw.log"
        self.env = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OPENAI_BASE_URL": model.url,
            "OPENAI_API_KEY": "clawdesk",
            "OPENAI_MODEL": "smollm2-135m",
            "CLAW_LOG": str(self.log),
            "CLAW_ANSWER": "date",
            "CLAW_FEEDBACK": "",
        }

    def run(self, tool: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, f"tools/{tool}.py"],
            cwd=self.path,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def notes(self) -> list[str]:
        folder = self.path / "notes"
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.md"))


@pytest.fixture
def project(tmp_path: Path, model: Model) -> Project:
    return Project(tmp_path, model)


def test_the_three_steps_tidy_the_notes(project: Project, model: Model) -> None:
    before = len(project.notes())
    survey = project.run("survey")
    assert survey.returncode == 0, survey.stderr
    assert "2 repeat another" in survey.stdout
    assert "A title, number `1`" in survey.stdout
    assert len(project.notes()) == before, "the survey changes no note"
    assert "--key sort" in project.log.read_text()

    rewrite = project.run("rewrite")
    assert rewrite.returncode == 0, rewrite.stderr
    assert len(project.notes()) == before - 2
    assert project.notes()[0] == "2024/05-04-a-grey-heron-stood-below-the.md"
    first = (project.path / "notes" / project.notes()[0]).read_text()
    assert 'summary: "A title, number `1`"' in first

    index = project.run("index")
    assert index.returncode == 0, index.stderr
    text = (project.path / "INDEX.md").read_text()
    assert text.count("- [") == before - 2
    assert "the model: `A title, number '1'`" in text
    assert not (project.path / "survey.json").exists(), "nothing is left beside the result"
    assert [asked["model"] for asked in model.asked] == ["smollm2-135m"] * 3
    assert all(asked["max_tokens"] == 24 for asked in model.asked)


def test_the_answer_decides_the_folders(project: Project) -> None:
    assert project.run("survey", CLAW_ANSWER="topic").returncode == 0
    assert project.run("rewrite").returncode == 0
    folders = {name.split("/")[0] for name in project.notes()}
    assert folders == {"birds", "mammals", "paths", "plants", "water"}


def test_a_rejection_with_feedback_is_taken_up(project: Project) -> None:
    before = len(project.notes())
    project.run("survey")
    rewrite = project.run("rewrite", CLAW_FEEDBACK="Please keep the copies.")
    assert "You said: Please keep the copies." in rewrite.stdout
    assert len(project.notes()) == before


def test_the_same_notes_give_the_same_bytes(tmp_path: Path, model: Model) -> None:
    results = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        model.asked.clear()
        project = Project(tmp_path / name, model)
        for tool in ("survey", "rewrite", "index"):
            assert project.run(tool).returncode == 0
        files = sorted(path for path in project.path.rglob("*") if path.is_file())
        results.append({p.relative_to(project.path).as_posix(): p.read_bytes() for p in files})
    assert results[0] == results[1]


def test_tidying_twice_loses_nothing(project: Project) -> None:
    for answer in ("topic", "date"):
        assert project.run("survey", CLAW_ANSWER=answer).returncode == 0
        assert project.run("rewrite").returncode == 0
        assert project.run("index").returncode == 0
        assert len(project.notes()) == 10


def test_without_a_model_the_notes_go_without_its_words(project: Project, model: Model) -> None:
    model.status = 503
    survey = project.run("survey")
    assert survey.returncode == 0
    assert "No model answers: " in survey.stdout
    assert len(model.asked) == 1, "one refusal is enough"
    for tool in ("rewrite", "index"):
        assert project.run(tool).returncode == 0
    index = (project.path / "INDEX.md").read_text()
    assert "model none" in index
    assert "the model:" not in index


def test_counting_needs_neither_model_nor_person(project: Project, model: Model) -> None:
    assert project.run("count_words").returncode == 0
    assert (project.path / "WORDS.md").read_text().count("\n| notes/") == 12
    assert model.asked == []
    assert not project.log.exists()


@pytest.mark.parametrize("name", ["tidy-notes", "count-words"])
def test_the_task_files_are_valid_and_name_tools_that_exist(name: str) -> None:
    text = (DEMO / f".clawdesk/tasks/{name}.toml").read_text()
    definition = parse_task(text, name)
    for step in definition.steps:
        assert (DEMO / step.run.removeprefix("python3 ")).is_file()
    if name == "tidy-notes":
        modes = [step.checkpoint.value for step in definition.steps]
        assert modes == ["auto", "approve", "auto"]
        assert definition.model == "smollm2-135m"
