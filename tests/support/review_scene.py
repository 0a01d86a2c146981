"""A checkpoint to review: real contents before and after, and the difference Git makes of them.

The contents are whole, so that editing and choosing hunks can be tried on them as on real ones.
"""

from __future__ import annotations

from clawdesk.adapters.git.diffs import edited
from clawdesk.domain.host_files import runs_on_host
from clawdesk.domain.model import DiffStat
from clawdesk.ports.repository import Diff, DiffFile, FileSides

_FILLER = "".join(f"# line {n} of the licence and the imports\n" for n in range(1, 83))
_BEFORE = '''\
class ShardedLoader:
    def _order(self, epoch: int) -> list[int]:
        """Order of the samples in one epoch."""
        n = len(self.index)
        rng = random.Random(self.seed + epoch)
        order = list(range(n - 1))
        rng.shuffle(order)
        return order

    def __iter__(self) -> Iterator[Sample]:
        for i in self._order(0):
            yield self._read(i)

    def __len__(self) -> int:
        return len(self.index)

    def close(self) -> None:
        self.file.close()

    def _read(self, i: int) -> Sample:
        raw = self.file.read(self.sizes[i])
        return decode(raw, self.schema)
'''
_AFTER = '''\
class ShardedLoader:
    def _order(self, epoch: int) -> list[int]:
        """Order of the samples in one epoch."""
        count = len(self.index)
        rng = random.Random(f"{self.seed}:{epoch}")
        order = list(range(count))
        if not order:
            raise EmptyShard(self.path)
        rng.shuffle(order)
        return order[: self.limit or count]

    def __iter__(self) -> Iterator[Sample]:
        for i in self._order(self.epoch):
            if i in self.skip:
                continue
            yield self._read(i)

    def __len__(self) -> int:
        return len(self.index)

    def close(self) -> None:
        self.file.close()

    def _read(self, i: int) -> Sample:
        with self.lock:
            raw = self.file.read(self.sizes[i])
        return decode(raw, self.schema)
'''
_TEST = """\
import pytest
from loader import EmptyShard, ShardedLoader

def test_last_sample_is_read(shard):
    loader = ShardedLoader(shard, seed=3)
    assert sorted(loader) == list(range(len(shard)))
"""
CONTENTS: dict[str, tuple[str | None, str | None]] = {
    "src/loader.py": (_FILLER + _BEFORE, _FILLER + _AFTER),
    "tests/test_loader.py": (None, _TEST),
    "Makefile": ("all: test\n\ntest:\n\tpytest -q\n", "all: test\n\ntest:\n\tpytest -q tests\n"),
}


def sample_sides(path: str) -> FileSides:
    """What the plane would say of a file of the sample."""
    old, new = CONTENTS.get(path, (None, None))
    return FileSides(old.encode() if old is not None else None, new.encode() if new else None)


def sample_diff() -> Diff:
    """Three files: changed, new, and one that runs on the user's machine."""
    return diff_of({path: sample_sides(path) for path in CONTENTS})


def diff_of(contents: dict[str, FileSides]) -> Diff:
    """The difference of whole files; each must exist afterwards."""
    files: list[DiffFile] = []
    for path, sides in contents.items():
        before = None if sides.old is None else (0o100644, sides.old)
        assert sides.new is not None
        files.append(edited(path, path, before, (0o100644, sides.new)))
        assert files[-1].runs_on_host == runs_on_host(path, 0o100644)
    return Diff(
        tuple(files),
        DiffStat(len(files), sum(f.added for f in files), sum(f.removed for f in files)),
    )
