"""Step 1: read the notes, let the model describe a few of them, ask how to sort.

Writes survey.json. Changes no note.
"""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request

import notes

DESCRIBED = 3
"""How many notes the model is asked about; each takes some seconds on a slow CPU."""
TOKENS_MAX = 24
PATIENCE_S = 240


class NoModelError(Exception):
    """No model answers; the message says why."""


def ask_model(note: notes.Note) -> str:
    """What the model says the note is about, on one line, as it came.

    Raises:
        NoModelError: no answer; the message says what the model's server said.
    """
    base = os.environ["OPENAI_BASE_URL"].rstrip("/")
    prompt = f"Give a short title for this note:\n\n{note.body}"
    body = {
        "model": os.environ["OPENAI_MODEL"],
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": TOKENS_MAX,
        "temperature": 0,
    }
    request = urllib.request.Request(
        f"{base}/chat/completions",
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        raise NoModelError(_words(error.read())) from error
    except OSError as error:
        raise NoModelError(str(error)) from error
    return " ".join(answer["choices"][0]["message"]["content"].split())


def _words(answer: bytes) -> str:
    """What a server of OpenAI's shape says is wrong, or what it said."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return answer.decode(errors="replace")


def ask_person() -> str:
    """How to sort; `claw` waits until a person has answered."""
    question = "How shall the notes be sorted: by date or by topic?"
    choices = ["--choice", "date", "--choice", "topic"]
    command = ["claw", "ask", question, *choices, "--key", "sort", "--default", "date"]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return "topic" if "topic" in answer.lower() else "date"


def main() -> None:
    found = notes.read_all()
    repeated = notes.copies(found)
    print(f"{len(found)} notes, of which {len(repeated)} repeat another word for word.")
    said = {}
    model = os.environ["OPENAI_MODEL"]
    for note in [note for note in found if note not in repeated][:DESCRIBED]:
        try:
            said[note.digest] = ask_model(note)
        except NoModelError as error:
            # The notes can be sorted all the same; a summary is what they go without.
            print(f"No model answers: {error}\nThe notes go without its words.", flush=True)
            model = "none" if not said else model
            break
        print(f"The model about {note.path.name!r}: {said[note.digest]}", flush=True)
    sort = ask_person()
    print(f"Sorting by {sort}.")
    survey = {"sort": sort, "model": model, "said": said}
    notes.SURVEY.write_text(json.dumps(survey, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
