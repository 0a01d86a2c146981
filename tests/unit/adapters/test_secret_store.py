"""Secrets are kept, listed by name, given and forgotten; in a file where no keyring answers."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from clawdesk.adapters.secret_store import NAMES_FILE, SecretStore
from clawdesk.ports.errors import PortError
from clawdesk_fabric.keys import Keys


@pytest.fixture
def store(tmp_path: Path) -> SecretStore:
    return SecretStore(tmp_path / "config", Keys(keyring=lambda: None, folder=tmp_path / "keys"))


async def test_kept_given_listed_and_forgotten(store: SecretStore, tmp_path: Path) -> None:
    assert store.names() == ()
    place = Path(store.keep("DEPLOY_KEY", "a-long-enough-value"))
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    store.keep("ANOTHER", "second-long-value")
    assert store.names() == ("ANOTHER", "DEPLOY_KEY")
    assert await store.values(["DEPLOY_KEY"]) == {"DEPLOY_KEY": "a-long-enough-value"}
    assert "value" not in (tmp_path / "config" / NAMES_FILE).read_text()
    assert store.forget("DEPLOY_KEY")
    assert not store.forget("DEPLOY_KEY")
    assert store.names() == ("ANOTHER",)


async def test_one_that_is_not_kept_is_named_with_what_mends_it(store: SecretStore) -> None:
    with pytest.raises(PortError) as caught:
        await store.values(["MISSING"])
    assert (caught.value.code, caught.value.mend) == ("secret", "clawdesk secrets set MISSING")


@pytest.mark.parametrize(
    ("name", "value"),
    [("lower", "long-enough-value"), ("GOOD", "short"), ("GOOD", "with\nlines--")],
)
def test_what_cannot_be_kept(store: SecretStore, name: str, value: str) -> None:
    with pytest.raises(PortError) as caught:
        store.keep(name, value)
    assert caught.value.code == "usage"
    assert value not in str(caught.value)
    assert store.names() == ()
