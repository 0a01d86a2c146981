"""Qt's translations behind `tr`, and the user's language, taken at start.

The setting counts, else the desktop's languages in their order. A language is one file,
`clawdesk_xx.qm` in the translations folder of our resources, made from the `.ts` beside it (`make
translations`). Where none fits, the window says English. `tr` itself is of the view models: what
they say and what a widget says go one way.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QSettings, QTranslator

from clawdesk.ui.resources import folder
from clawdesk.viewmodels.language import counted, marked, speak_by, tr

__all__ = ["CONTEXT", "counted", "install_language", "languages", "marked", "tr", "wanted"]

CONTEXT = "ClawDesk"


def _look_up(text: str, count: int) -> str:
    return QCoreApplication.translate(CONTEXT, text, None, count)


speak_by(_look_up)


def _folder() -> Path:
    return folder() / "translations"


def languages(files: Path | None = None) -> tuple[tuple[str, str], ...]:
    """The languages there are, each with its name in itself: `(("en", "English"), …)`."""
    names = [path.stem.partition("_")[2] for path in (files or _folder()).glob("clawdesk_*.qm")]
    found = ((name, QLocale(name).nativeLanguageName()) for name in sorted(names))
    return ("en", "English"), *((name, said[:1].upper() + said[1:]) for name, said in found)


def wanted(settings: QSettings) -> tuple[str, ...]:
    """The user's languages, the most wanted first, as the system names them: `de-AT`, `de`."""
    chosen = str(settings.value("language", ""))
    return (chosen,) if chosen else tuple(QLocale().uiLanguages())


def install_language(
    app: QCoreApplication, wishes: Sequence[str], files: Path | None = None
) -> list[QTranslator]:
    """Say everything in the first of the wished languages that there is, from now on.

    Must come before the first widget: what stands on the screen is not said anew.

    Args:
        files: the folder of the `.qm` files; None = that of our resources.
    Returns:
        What was loaded: ours, and Qt's own for its file dialogs; empty = English.
    """
    for wish in wishes:
        locale = QLocale(wish)
        if locale.language() in {QLocale.Language.English, QLocale.Language.C}:
            return []  # the source is English: nothing after it is wished more
        loaded = _loaded(app, locale, files or _folder())
        if loaded:
            return loaded
    return []


def _loaded(app: QCoreApplication, locale: QLocale, files: Path) -> list[QTranslator]:
    places = [
        ("clawdesk", str(files)),
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
