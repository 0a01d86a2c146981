"""Translations of the window: a `.ts` file a language, kept true to the source, and its `.qm`.

`make translations` looks at every `resources/translations/clawdesk_xx.ts`, adds the sentences that
are new, marks those that are gone, and compiles it; `NEW=xx` begins a language. What a translator
wrote is never lost. Qt Linguist opens the same files.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from clawdesk_setup.progress import SetupError, say
from clawdesk_setup.sentences import ROOT, Sentence, translated

FOLDER = ROOT / "resources" / "translations"
CONTEXT = "ClawDesk"
Translate = Callable[[Sentence], list[str]]
"""The forms of a sentence in a language, one for each number it tells apart; [] = not yet."""


def document(
    language: str, sentences: Mapping[str, Sentence], translate: Translate
) -> ElementTree.Element:
    """A whole `.ts` document.

    Args:
        language: as Qt names it: `de`, `pt_BR`.
    """
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ElementTree.SubElement(root, "context")
    ElementTree.SubElement(context, "name").text = CONTEXT
    for text in sorted(sentences):
        sentence, forms = sentences[text], translate(sentences[text])
        message = ElementTree.SubElement(context, "message")
        ElementTree.SubElement(message, "source").text = text
        if sentence.one:
            message.set("numerus", "yes")
            ElementTree.SubElement(message, "extracomment").text = f"For one: {sentence.one}"
        said = ElementTree.SubElement(message, "translation")
        if not any(forms):
            said.set("type", "unfinished")
        if not sentence.one:
            said.text = forms[0] if forms else ""
            continue
        for form in forms or ["", ""]:
            ElementTree.SubElement(said, "numerusform").text = form
    return root


def kept(path: Path) -> dict[str, list[str]]:
    """What a translator has written in a file, by source text. Raises SetupError."""
    try:
        tree = ElementTree.parse(path)  # noqa: S314 - a file of this checkout
    except (OSError, ElementTree.ParseError) as error:
        raise SetupError(
            f"{path} is not a translation file: {error}", "Mend or remove it."
        ) from None
    found = {}
    for message in tree.iter("message"):
        said = message.find("translation")
        if said is None:
            continue
        forms = [form.text or "" for form in said.findall("numerusform")] or [said.text or ""]
        if any(forms):
            found[message.findtext("source", "")] = forms
    return found


def write(path: Path, root: ElementTree.Element) -> None:
    """The document as Qt Linguist writes it."""
    ElementTree.indent(root, " " * 4)
    text = ElementTree.tostring(root, "unicode")
    head = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
    path.write_text(f"{head}{text}\n", "utf-8")


def compiled(path: Path) -> Path:
    """The `.qm` of a `.ts`, made anew. Raises SetupError.

    Written beside and renamed: a window that runs has the old one mapped, and would read half a
    file, or end by SIGBUS.
    """
    made = path.with_suffix(".qm")
    tool = Path(sys.executable).with_name("pyside6-lrelease")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            fresh = Path(folder) / made.name
            command = [str(tool), "-silent", str(path), "-qm", str(fresh)]
            subprocess.run(command, check=True, capture_output=True, text=True)
            fresh.replace(made)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise SetupError(f"{path.name} was not compiled: {said}", "make setup") from None
    return made


def _known(known: Mapping[str, list[str]], sentence: Sentence) -> list[str]:
    return known.get(sentence.text, [])


def renew(paths: Iterable[Path]) -> None:
    """Bring files up to the source and compile them. Raises SetupError."""
    sentences = translated()
    for path in paths:
        known = kept(path) if path.exists() else {}
        language = path.stem.partition("_")[2]
        write(path, document(language, sentences, partial(_known, known)))
        compiled(path)
        done = len(known.keys() & sentences.keys())
        say(f"{path.name}: {done} of {len(sentences)} sentences translated")


def main() -> int:
    """`python -m clawdesk_setup.translations [NEW LANGUAGE ...]`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    new = [FOLDER / f"clawdesk_{language}.ts" for language in sys.argv[1:]]
    paths = sorted({*FOLDER.glob("clawdesk_*.ts"), *new})
    if not paths:
        say("There is no language yet: make translations NEW=de begins one.")
    try:
        renew(paths)
    except SetupError as error:
        say(f"{error.what} {error.mend}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
