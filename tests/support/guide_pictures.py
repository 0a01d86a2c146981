"""All pictures of the guide, drawn anew: `make pictures`.

`sample-*` are scenes of a scripted plane; the others are kept by tests that drive the real program
on real machines. Nothing is written over before every picture of its source was drawn.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/guide/screenshots"
SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1440x900x24"]
BOTH = ("dark", "light")
DRAW_S_MAX = 1_200


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the guide.

    Args:
        scene: of the scripted plane; or what the driving test calls it.
        source: "sample", or the end-to-end test that keeps it.
    """

    scene: str
    source: str = "sample"
    themes: tuple[str, ...] = BOTH


JOURNEY, MODELS = "tests/e2e/test_window_journey.py", "tests/e2e/test_models_page.py"
PICTURES = {
    "main": Picture("main", JOURNEY),
    "real-approval": Picture("approval", JOURNEY),
    "real-inbox": Picture("inbox", JOURNEY),
    "real-merged": Picture("merged", JOURNEY),
    "real-question": Picture("question", JOURNEY),
    "real-models": Picture("models-busy", MODELS, ("dark",)),
    "sample-approval": Picture("approval"),
    "sample-compare": Picture("compare", themes=("dark",)),
    "sample-empty": Picture("empty"),
    "sample-full": Picture("full"),
    "sample-home": Picture("home"),
    "sample-models": Picture("models", themes=("light",)),
    "sample-question": Picture("question"),
    "sample-review": Picture("approval-part", themes=("dark",)),
}
"""By the beginning of the file's name; the theme follows it."""


def files() -> dict[str, Picture]:
    """Every file of the folder by name."""
    return {f"{name}-{t}.png": made for name, made in PICTURES.items() for t in made.themes}


def _run(command: list[str], **around: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **around}, check=False, timeout=DRAW_S_MAX
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}; no picture of its")


def _draw(source: str, theme: str, wanted: list[Picture], into: Path) -> None:
    python = sys.executable
    if source == "sample":
        scenes = sorted(p.scene for p in wanted)
        shots = [*SCREEN, python, "-m", "tests.support.window_shots", str(into), *scenes]
        _run(shots, SHOT_THEMES=theme)
        return
    real = ["-k", "real"] if source == JOURNEY else []
    tests = [python, "-m", "pytest", "-q", "-m", "e2e", "-p", "no:xdist", *real, source]
    _run(tests, CLAWDESK_THEME=theme, CLAWDESK_PICTURES=str(into))


def main(argv: list[str]) -> int:
    """Draw all, or those of the sources named (sample, journey, models)."""
    names = {"sample": "sample", "journey": JOURNEY, "models": MODELS}
    sources = [names[word] for word in argv] or list(names.values())
    for source in sources:
        for theme in BOTH:
            wanted = [p for p in PICTURES.values() if p.source == source and theme in p.themes]
            if not wanted:
                continue
            with tempfile.TemporaryDirectory() as folder:
                _draw(source, theme, wanted, Path(folder))
                for name, made in PICTURES.items():
                    if made in wanted:
                        drawn = Path(folder) / f"{made.scene}-{theme}.png"
                        shutil.copyfile(drawn, FOLDER / f"{name}-{theme}.png")
    print(f"pictures in {FOLDER}; look at them before they are committed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
