"""A question of an agent (`elicitation/create`): a small form, asked one field after the other.

Addresses to open in a browser are refused: whoever answers may sit at a chat, far from the machine.
"""

from typing import Any

from clawdesk_guest.acp_files import RefusedError
from clawdesk_guest.acp_wire import Params, list_of, table_of, text_of

_FIELDS_MAX = 16
_CHOICES_MAX = 64
_TRUE = {"true", "yes", "y", "1"}


class Form:
    """The fields of a form and what was answered so far.

    Raises RefusedError when the request is none.
    """

    def __init__(self, params: Params) -> None:
        if params.get("mode") != "form":
            raise RefusedError("only forms are asked of a person here")
        fields = table_of(table_of(params.get("requestedSchema")).get("properties"))
        if not fields or len(fields) > _FIELDS_MAX:
            raise RefusedError(f"a form has 1 to {_FIELDS_MAX} fields")
        self._message = text_of(params.get("message"), 4000)
        self._left = [(text_of(name, 200), table_of(field)) for name, field in fields.items()]
        self.content: dict[str, Any] = {}

    @property
    def is_complete(self) -> bool:
        return not self._left

    @property
    def question(self) -> tuple[str, list[str], str]:
        """(text, choices, default) of the next field."""
        name, field = self._left[0]
        title = text_of(field.get("title"), 400) or name
        about = text_of(field.get("description"), 2000)
        alone = len(self._left) == 1 and not self.content
        lines = [self._message, "" if alone and self._message else title, about]
        if field.get("type") == "array":
            lines.append("Several may be named, with commas between them.")
        default = field.get("default")
        shown = str(default).lower() if isinstance(default, bool) else default
        usual = "" if shown is None or isinstance(shown, list | dict) else str(shown)
        return "\n".join(line for line in lines if line), list(_choices(field)), usual[:1000]

    def answered(self, said: str) -> None:
        """Take a person's words for the next field, as near to its type as they are."""
        name, field = self._left.pop(0)
        choices = _choices(field)
        kind = field.get("type")
        if kind == "boolean":
            self.content[name] = said.casefold() in _TRUE
        elif kind == "array":
            words = [word.strip() for word in said.split(",")]
            self.content[name] = [choices.get(word, word) for word in words if word]
        elif kind in ("integer", "number"):
            self.content[name] = _number(said, whole=kind == "integer")
        else:
            self.content[name] = choices.get(said, said)


def _choices(field: dict[str, Any]) -> dict[str, str]:
    """What is shown of each choice, and the value it stands for."""
    if field.get("type") == "boolean":
        return {"yes": "yes", "no": "no"}
    source = table_of(field.get("items")) if field.get("type") == "array" else field
    found = {}
    for item in list_of(source.get("enum"), _CHOICES_MAX):
        found[text_of(item, 400)] = text_of(item, 400)
    for item in list_of(source.get("oneOf") or source.get("anyOf"), _CHOICES_MAX):
        value = text_of(table_of(item).get("const"), 400)
        found[text_of(table_of(item).get("title"), 400) or value] = value
    found.pop("", None)
    return found


def _number(said: str, *, whole: bool) -> float | int | str:
    """Words that are no number go on as they are: the agent has rules of its own for them."""
    try:
        return int(said) if whole else float(said)
    except ValueError:
        return said
