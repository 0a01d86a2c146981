"""Honest conversations of a guest, broken in seeded ways: the host's side refuses, and never falls.

FUZZ_CASES conversations are tried (`make fuzz`: a million); a failure names its seed, and
FUZZ_SEED=seed FUZZ_CASES=1 runs it again.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

from clawdesk_guest import protocol
from clawdesk_guest.link import Link
from clawdesk_guest.protocol import RemoteError

CASES = int(os.environ.get("FUZZ_CASES", "12000"))
FIRST = int(os.environ.get("FUZZ_SEED", "0"))
EPOCH = bytes(protocol.EPOCH_BYTES)
HELD_BYTES_MAX = 2 << 20
ENDED = {"op": "ended", "n": 1, "run": "0.1", "exit_code": 0, "timed_out": False}
QUESTION = {
    "op": "question",
    "n": 2,
    "request": "a1",
    "key": "k",
    "question": "which?",
    "choices": ["x", "y"],
    "default": "",
}
OUTPUT = {"op": "output", "run": "0.1", "stream": "out"}


def _control(message: dict[str, object]) -> bytes:
    return protocol.pack(protocol.CONTROL, 0, protocol.dump(message))


HONEST = (
    _control(ENDED),
    _control(QUESTION),
    protocol.pack(protocol.OPEN, 1, protocol.dump(OUTPUT)),
    protocol.pack_chunks(1, b"some output\n" * 9),
    protocol.pack_window(1, 4096),
    protocol.pack_ask(2, b"POST /v1/chat/completions HTTP/1.1\r\nHost: x", 2),
    protocol.pack(protocol.CLOSE, 1, protocol.dump({"op": "end", "error": ""})),
    protocol.SYNC + EPOCH,
)
Breaking = Callable[[random.Random, bytearray], None]


def _flip(rng: random.Random, sent: bytearray) -> None:
    sent[rng.randrange(len(sent))] ^= 1 << rng.randrange(8)


def _cut(rng: random.Random, sent: bytearray) -> None:
    begin = rng.randrange(len(sent))
    del sent[begin : begin + rng.randint(1, 40)]
    if not sent:
        sent.append(0)


def _insert(rng: random.Random, sent: bytearray) -> None:
    place = rng.randrange(len(sent))
    sent[place:place] = rng.choice(
        (
            rng.randbytes(rng.randint(1, 30)),
            b"[" * rng.randint(1, 300),
            b"\xff\xff\xff\xff",
            b'"\\ud800"',
            b"1e999999",
            b"\x00" * 9,
            protocol.SYNC,
        )
    )


def _double(rng: random.Random, sent: bytearray) -> None:
    begin = rng.randrange(len(sent))
    sent += sent[begin : begin + rng.randint(1, 200)]


BREAKINGS: tuple[Breaking, ...] = (_flip, _flip, _cut, _insert, _double)


def conversation(seed: int) -> bytes:
    """What that seed's guest sends behind the mark."""
    rng = random.Random(seed)
    sent = bytearray().join(rng.choice(HONEST) for _ in range(rng.randint(1, 6)))
    for _ in range(rng.randint(0, 4)):
        rng.choice(BREAKINGS)(rng, sent)
    return bytes(sent)


def listen(seed: int) -> bool:
    """Feed it to the host's side in pieces of any size; whether it was refused."""
    rng, sent = random.Random(~seed), conversation(seed)
    link = Link(guest=False, epoch=EPOCH)
    link.feed(protocol.SYNC + EPOCH)
    place = 0
    try:
        while place < len(sent):
            size = rng.choice((1, 7, 64, len(sent)))
            for event in link.feed(sent[place : place + size]):
                assert isinstance(event, tuple)
            place += size
    except RemoteError:
        return True
    return False


def test_whatever_a_guest_sends_is_taken_or_refused() -> None:
    refused = 0
    for seed in range(FIRST, FIRST + CASES):
        try:
            refused += listen(seed)
        except Exception as error:
            again = f"FUZZ_SEED={seed} FUZZ_CASES=1"
            raise AssertionError(f"{again}: {error!r} on {conversation(seed)!r}") from error
    if CASES > 1000:
        assert 0.2 < refused / CASES < 0.95, "the fuzzer reaches neither side only"
