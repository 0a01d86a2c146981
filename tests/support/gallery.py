"""Every page of the window as pictures that are looked at: `python -m tests.support.gallery OUT`.

Each scene in dark and light at scale 1, 1.5 and 2, and in the smallest window that is promised,
drawn without a screen; fails on cut or faint words, overlapping parts and controls without a name.
A scale needs a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

LOOKS = (("1", "1440x900"), ("1.5", "1440x900"), ("2", "1440x900"), ("1", "1024x700"))
"""Scale, and size of the window."""
CHILD_S_MAX = 900


def child(out: Path, scale: str, wanted: list[str]) -> int:
    """Draw all scenes at the scale of this process; one JSON line a picture."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import qasync
    from PySide6.QtCore import QSettings

    from clawdesk.ui import theme, tokens
    from clawdesk.ui.loop import application
    from clawdesk.ui.memory import Memory
    from tests.support import gallery_pictures as pictures

    app = application()
    with qasync.QEventLoop(app) as loop:
        for chosen in tokens.Theme:
            theme.apply(app, chosen)
            for scene in wanted or pictures.SCENES:
                with tempfile.TemporaryDirectory() as folder:
                    memory = Memory(QSettings(f"{folder}/w.ini", QSettings.Format.IniFormat))
                    shown = loop.run_until_complete(pictures.show(scene, memory))
                out.mkdir(parents=True, exist_ok=True)
                size = os.environ.get("SHOT_SIZE", "")
                name = f"{scene}-{chosen.value}-{scale}x{f'-{size}' if size else ''}.png"
                shown.picture.save(str(out / name))
                print(json.dumps({"picture": name, "problems": shown.problems}), flush=True)
    return 0


def main(argv: list[str]) -> int:
    out = Path(argv[0])
    if len(argv) > 2 and argv[1] == "--scale":
        return child(out, argv[2], argv[3:])
    bad = 0
    for scale, size in LOOKS:
        command = [sys.executable, "-m", "tests.support.gallery", str(out), "--scale", scale]
        done = subprocess.run(
            [*command, *argv[1:]],
            env={
                **os.environ,
                "QT_QPA_PLATFORM": "offscreen",
                "QT_SCALE_FACTOR": scale,
                "SHOT_SIZE": size,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=CHILD_S_MAX,
        )
        if done.returncode:
            print(done.stderr)
            return done.returncode
        for line in done.stdout.splitlines():
            told = json.loads(line)
            bad += len(told["problems"])
            for problem in told["problems"]:
                print(f"{told['picture']}: {problem}")
    print(f"pictures in {out}; {bad} problems")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
