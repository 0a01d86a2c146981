"""Colours code by role, one short line at a time, for the lines on screen only.

Lexing a whole file would stall the window; a line that is long or odd stays uncoloured.
"""

from __future__ import annotations

from functools import cache, lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, Token, _TokenType
from pygments.util import ClassNotFound

LINE_MAX = 300
Span = tuple[str, str]

_ROLES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "s-c"),
    (Keyword, "s-k"),
    (String, "s-s"),
    (Number, "s-n"),
    (Name.Function, "s-f"),
    (Name.Class, "s-t"),
    (Name.Builtin, "s-t"),
    (Name.Exception, "s-t"),
    (Name.Decorator, "s-f"),
    (Name.Tag, "s-k"),
    (Name.Attribute, "s-f"),
)


@cache
def _lexer(ending: str) -> Lexer | None:
    try:
        name = f"x{ending}" if ending.startswith(".") else ending  # as in Makefile
        return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _role(token: _TokenType) -> str:
    # A token type contains its subtypes: `Name.Function.Magic in Name.Function`.
    return next((role for kind, role in _ROLES if kind.__contains__(token)), "fg0")


@lru_cache(maxsize=4096)
def spans(text: str, path: str) -> tuple[Span, ...]:
    """(text, role) pieces of one line of the file `path`."""
    name = path.rpartition("/")[2]
    ending = "." + name.rpartition(".")[2] if "." in name else name
    lexer = _lexer(ending[:20]) if len(text) <= LINE_MAX and ending.isprintable() else None
    if lexer is None:
        return ((text, "fg0"),)
    found: list[Span] = []
    for token, piece in lexer.get_tokens(text):
        role = "fg0" if token is Token else _role(token)
        if found and found[-1][1] == role:
            found[-1] = (found[-1][0] + piece, role)
        else:
            found.append((piece, role))
    return tuple((piece.rstrip("\n"), role) for piece, role in found if piece.rstrip("\n"))
