"""U6: a diff of 10,000 lines, from being given to being painted; unified and side by side.

Offscreen Qt in a process of its own; beside it a plain QPlainTextEdit that is given the same text,
without numbers, tints or colours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.bench.rows import Row, row

LINES = 10_000
SIZE = (900, 700)


def measure(n: int) -> Iterator[Row]:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.bench.bench_diff", str(n)]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    for how in ("unified", "split"):
        yield row(
            f"U6 diff of {LINES:,} lines, {how}",
            found[how],
            "ms",
            beside=found["plain"],
            ratio_to="QPlainTextEdit, same text",
            goal="at most 400 ms",
        )


def _take(n: int) -> dict[str, list[float]]:
    from PySide6.QtWidgets import QPlainTextEdit

    from clawdesk.adapters.git.diffs import edited
    from clawdesk.domain.model import DiffStat
    from clawdesk.ports.repository import Diff
    from clawdesk.ui import fonts, highlight, theme, tokens
    from clawdesk.ui.diff_view import DiffView
    from clawdesk.ui.loop import application
    from clawdesk.viewmodels.word_marks import word_marks

    app = application()
    theme.apply(app, tokens.Theme.DARK)
    old = "".join(f"value_{i} = compute({i}, 'text')  # row {i}\n" for i in range(LINES // 2))
    new = old.replace("compute(", "calculate(")
    file = edited("big.py", "big.py", (0o100644, old.encode()), (0o100644, new.encode()))
    diff = Diff((file,), DiffStat(1, file.added, file.removed))
    assert file.added + file.removed == LINES
    text = "\n".join(line.origin + line.text for hunk in file.hunks for line in hunk.lines)

    def until_painted(widget: DiffView | QPlainTextEdit, show: object) -> float:
        widget.resize(*SIZE)
        widget.show()
        app.processEvents()
        began = time.perf_counter()
        show()  # type: ignore[operator]
        app.processEvents()
        widget.grab()
        took_ms = (time.perf_counter() - began) * 1000
        widget.close()
        widget.deleteLater()
        app.processEvents()
        return took_ms

    taken: dict[str, list[float]] = {"unified": [], "split": [], "plain": []}
    for _ in range(n):
        for how in ("unified", "split"):
            highlight.spans.cache_clear()
            word_marks.cache_clear()
            view = DiffView()
            view.review = True
            view.show_split(how == "split")
            taken[how].append(until_painted(view, lambda view=view: view.show_diff(diff)))
        plain = QPlainTextEdit()
        plain.setFont(fonts.font("code"))
        taken["plain"].append(until_painted(plain, lambda plain=plain: plain.setPlainText(text)))
    return taken


if __name__ == "__main__":
    print(json.dumps(_take(int(sys.argv[1]))))
