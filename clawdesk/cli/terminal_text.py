"""What a machine prints, made fit for the user's own terminal: it may draw, and no more.

A program in the machine may set colours and move the cursor. Strings for the terminal itself are
left out: they could fill the clipboard, rename the window, or read files on some terminals.
"""

from __future__ import annotations

from enum import Enum

# Modes a program may have left on; the last is the colour. Each is harmless where it was off.
RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l"
    b"\x1b[?7h\x1b[?25h\x1b[?1l\x1b>\x1b[0m"
)
_ESCAPE, _BELL, _ANSWER_BACK = 0x1B, 0x07, 0x05
_CANCELS = {0x18, 0x1A}
# OSC, DCS, SOS, PM, APC: what begins a string for the terminal.
_BEGINS = frozenset(b"]PX^_")
_SEQUENCE_BYTES_MAX = 64


class _State(Enum):
    PLAIN = 0
    ESCAPE = 1
    SEQUENCE = 2
    STRING = 3
    STRING_ESCAPE = 4
    C1 = 5


class TerminalText:
    """Cuts a stream of bytes; one for each shell, since a sequence may lie across two reads."""

    def __init__(self) -> None:
        self._state = _State.PLAIN
        self._held = bytearray()

    def feed(self, printed: bytes) -> bytes:
        """What of it may go to the terminal."""
        out = bytearray()
        for byte in printed:
            self._take(byte, out)
        return bytes(out)

    def _take(self, byte: int, out: bytearray) -> None:
        match self._state:
            case _State.PLAIN:
                self._plain(byte, out)
            case _State.C1:
                self._state = _State.PLAIN
                # 0x80 to 0x9f as UTF-8: the same beginnings, in one character.
                if byte - 0x40 in _BEGINS:
                    self._state = _State.STRING
                elif not 0x80 <= byte < 0xA0:
                    out += b"\xc2"
                    self._plain(byte, out)
            case _State.ESCAPE:
                self._escape(byte, out)
            case _State.SEQUENCE:
                self._sequence(byte, out)
            case _State.STRING:
                if byte == _BELL or byte in _CANCELS:
                    self._state = _State.PLAIN
                elif byte == _ESCAPE:
                    self._state = _State.STRING_ESCAPE
            case _State.STRING_ESCAPE:
                # ESC and a backslash end a string; ESC and anything else end it too, and count.
                self._state = _State.PLAIN
                if byte != 0x5C:
                    self._escape(byte, out)

    def _plain(self, byte: int, out: bytearray) -> None:
        if byte == _ESCAPE:
            self._state = _State.ESCAPE
        elif byte == 0xC2:
            self._state = _State.C1
        elif byte != _ANSWER_BACK:
            out.append(byte)

    def _escape(self, byte: int, out: bytearray) -> None:
        self._state = _State.PLAIN
        if byte in _BEGINS:
            self._state = _State.STRING
        elif byte == 0x5B:
            self._state = _State.SEQUENCE
            self._held[:] = b"\x1b["
        elif byte == _ESCAPE:
            self._state = _State.ESCAPE
        elif 0x20 <= byte < 0x7F:
            out += bytes((_ESCAPE, byte))
        else:
            self._plain(byte, out)

    def _sequence(self, byte: int, out: bytearray) -> None:
        self._held.append(byte)
        if byte == _ESCAPE:
            self._state = _State.ESCAPE
        elif byte in _CANCELS or len(self._held) > _SEQUENCE_BYTES_MAX:
            self._state = _State.PLAIN
        elif 0x40 <= byte <= 0x7E:
            self._state = _State.PLAIN
            if not _asks_or_acts(bytes(self._held)):
                out += self._held


def _asks_or_acts(sequence: bytes) -> bool:
    """Whether it has the terminal answer (which would be typed), or moves its window."""
    body, last = sequence[2:-1], sequence[-1:]
    return last in b"ct" or (last == b"n" and body.lstrip(b"?").isdigit()) or body.endswith(b"$")
