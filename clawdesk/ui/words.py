"""Qt's translations behind `tr`, and the user's language, taken at start.

A language is one file, `clawdesk_xx.qm` in the translations folder of our resources, made from the
`.ts` beside it (`make translations`). Where none fits, the window says English. `tr` itself is of
the view models: what they say and what a widget says go one way.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from clawdesk.ui.resources import folder
from clawdesk.viewmodels.language import counted, marked, speak_by, tr

__all__ = ["CONTEXT", "counted", "install_language", "marked", "tr"]

CONTEXT = "ClawDesk"


def _look_up(text: str, count: int) -> str:
    return QCoreApplication.translate(CONTEXT, text, None, count)


speak_by(_look_up)


def install_language(
    app: QCoreApplication, locale: QLocale, files: Path | None = None
) -> list[QTranslator]:
    """Say everything in the locale's language from now on, as far as there is a file of it.

    Must come before the first widget: what stands on the screen is not said anew.

    Args:
        files: the folder of the `.qm` files; None = that of our resources.
    Returns:
        What was loaded: ours, and Qt's own for its file dialogs; empty = English.
    """
    places = [
        ("clawdesk", str(files or folder() / "translations")),
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
    ]
    loaded = []
    for name, place in places:
        made = QTranslator(app)
        if not made.load(locale, name, "_", place):
            # Qt's own words in a language that ours do not speak would make a mixture.
            break
        app.installTranslator(made)
        loaded.append(made)
    return loaded
