"""What this machine refuses of our own files is not told as a fault of the Docker engine."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from clawdesk_fabric.engines.docker import DockerEngine
from clawdesk_fabric.errors import EngineError


@pytest.mark.parametrize(
    ("refusal", "said", "mend"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "/x/images"), "/x/images", "right"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left", "disk space"),
    ],
)
async def test_a_folder_that_is_closed_or_full_is_named(
    tmp_path: Path, refusal: OSError, said: str, mend: str
) -> None:
    def refused(*_: object) -> None:
        raise refusal

    engine = DockerEngine("me", tmp_path)
    with pytest.raises(EngineError, match=said) as caught:
        await engine._built(refused, lambda _: None)
    assert "Docker" not in caught.value.what
    assert mend in caught.value.mend
    await engine.close(remove=False)


async def test_an_engine_that_is_closed_to_this_user_still_is(tmp_path: Path) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    engine = DockerEngine("me", tmp_path)
    with pytest.raises(EngineError, match="may not use the Docker engine"):
        await engine._built(refused, lambda _: None)
    await engine.close(remove=False)
