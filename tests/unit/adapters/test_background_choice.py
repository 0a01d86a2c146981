"""The fast path of snapshots is used after a passed probe only, and the answer is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawdesk.adapters.libvirt.background_choice import OPEN_SETTING, SWITCH, BackgroundChoice
from clawdesk.ports.errors import MachineError

VERSIONS = {"qemu": "7.2.22", "libvirt": "9.0.0"}


class Probe:
    """Counts its runs; fails with `error` if that is set."""

    def __init__(self, error: MachineError | None = None) -> None:
        self.error = error
        self.runs = 0

    def __call__(self) -> None:
        self.runs += 1
        if self.error is not None:
            raise self.error


@pytest.fixture(autouse=True)
def _no_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SWITCH, raising=False)


@pytest.fixture
def setting(tmp_path: Path) -> Path:
    path = tmp_path / "unprivileged_userfaultfd"
    path.write_text("1\n")
    return path


def choice(
    setting: Path, versions: dict[str, str] = VERSIONS, uid: int = 64055
) -> BackgroundChoice:
    return BackgroundChoice(setting.parent, versions, uid, setting=setting)


def test_it_is_used_only_after_a_passed_probe_which_runs_once(setting: Path) -> None:
    probe = Probe()
    first = choice(setting)
    assert not first.usable("kvm")
    assert not first.settled("kvm")
    assert first.path("kvm") == "live (background: not tried yet)"
    assert first.decide("kvm", probe)
    assert first.usable("kvm")
    assert first.path("kvm") == "background"
    again = choice(setting)
    assert again.usable("kvm")
    assert again.decide("kvm", probe)
    assert probe.runs == 1
    assert not again.usable("tcg"), "proven for another accelerator only"


def test_a_refusal_is_kept_with_its_reason(setting: Path) -> None:
    probe = Probe(MachineError("the guest hangs"))
    assert not choice(setting).decide("kvm", probe)
    again = choice(setting)
    assert not again.decide("kvm", probe)
    assert probe.runs == 1
    assert again.settled("kvm")
    assert "the guest hangs" in again.path("kvm")


def test_a_refusal_by_the_kernel_names_what_it_costs_and_the_command(
    setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting.write_text("0\n")
    used = choice(setting)
    assert used.lack("kvm") == ("", ""), "what was not tried is no lack"
    used.decide("kvm", Probe(MachineError("QEMU refuses it")))
    why, mend = used.lack("kvm")
    assert "stand still" in why
    assert "userfaultfd" in why
    assert mend == OPEN_SETTING
    with monkeypatch.context() as patch:
        patch.setenv(SWITCH, "off")
        assert used.lack("kvm") == ("", ""), "its user wants it so"
    setting.write_text("1\n")
    again = choice(setting)
    assert again.lack("kvm") == ("", ""), "the command was run: it is tried again"
    again.decide("kvm", Probe(MachineError("the guest hangs")))
    why, mend = again.lack("kvm")
    assert "the guest hangs" in why
    assert mend == "", "the setting is not what keeps it"
    as_root = choice(setting, uid=0)
    as_root.decide("kvm", Probe())
    assert as_root.lack("kvm") == ("", "")


def test_emulated_machines_lack_nothing_and_are_probed_only_where_that_is_asked_for(
    setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe()
    used = choice(setting)
    assert used.settled("tcg")
    assert not used.decide("tcg", probe)
    assert probe.runs == 0
    assert used.path("tcg") == "live (quicker than background ones of an emulated machine)"
    assert used.lack("tcg") == ("", "")
    monkeypatch.setenv(SWITCH, "on")
    assert not used.settled("tcg")
    assert used.decide("tcg", probe)
    assert used.path("tcg") == "background"


@pytest.mark.parametrize("code", ["closed", "no_space"])
def test_a_probe_that_could_not_be_made_teaches_nothing(setting: Path, code: str) -> None:
    given_up = Probe(MachineError("not now", code=code))
    used = choice(setting)
    assert not used.decide("kvm", given_up)
    assert not used.settled("kvm")
    assert used.decide("kvm", Probe())


def test_another_host_is_probed_again(setting: Path) -> None:
    probe = Probe()
    choice(setting).decide("kvm", probe)
    choice(setting, versions={**VERSIONS, "qemu": "8.0"}).decide("kvm", probe)
    choice(setting, uid=0).decide("kvm", probe)
    assert probe.runs == 3
    assert not choice(setting).usable("kvm"), "the answer of QEMU as root is not the account's"
    choice(setting).decide("kvm", probe)
    setting.write_text("0\n")
    assert not choice(setting).usable("kvm")
    setting.unlink()
    assert not choice(setting).usable("kvm")


def test_a_cut_answer_is_no_answer(setting: Path) -> None:
    choice(setting).decide("kvm", Probe())
    (cache,) = setting.parent.glob("background-*.json")
    whole = cache.read_text()
    for content in ("", "{", "[]", '{"host": 1}', whole.replace("true", '"yes"')):
        cache.write_text(content)
        assert not choice(setting).usable("kvm")
        assert not choice(setting).settled("kvm")


def test_the_switch_needs_no_probe_and_forgets_nothing(
    setting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe()
    used = choice(setting)
    used.decide("kvm", probe)
    monkeypatch.setenv(SWITCH, "off")
    assert not used.usable("kvm")
    assert used.settled("kvm")
    assert SWITCH in used.path("kvm")
    assert not choice(setting).decide("tcg", probe)
    assert probe.runs == 1
    monkeypatch.delenv(SWITCH)
    assert used.usable("kvm")
