"""How two Fabrics come to trust each other, and what makes them refuse."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import logging
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from clawdesk_fabric import peers_kept, peers_pairing
from clawdesk_fabric.errors import FabricError
from clawdesk_fabric.peers import BURST, REQUESTS_PER_S, Link
from clawdesk_fabric.peers_identity import (
    Identity,
    checked_certificate,
    fingerprint_of,
    open_identity,
)
from clawdesk_fabric.peers_kept import Lent, Peer, PeerFile, checked_lent, checked_name, free_name
from clawdesk_fabric.peers_pairing import (
    TRIES_MAX,
    Invitation,
    Inviting,
    parse_address,
    parse_invitation,
)
from clawdesk_fabric.server import Options, Server, owner_id
from tests.support.fabric_engine import FakeEngine
from tests.support.fabric_peers import Two, identity_of, knocking, strangers, view
from tests.support.fabric_world import MODEL, World, catalog, running

HOST, GUEST, OTHER = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
async def two(short_folder: Path) -> AsyncIterator[Two]:
    async with strangers(short_folder) as made:
        yield made


async def joined(world: World, invitation: str) -> str:
    """The code with which the other side was not joined, "" if it was."""
    answer = await world.control("peers/join", {"invitation": invitation, "name": "lender"})
    return str(answer["error"]["code"]) if "error" in answer else ""


# -- an invitation -------------------------------------------------------------------------------


def test_an_invitation_says_the_same_to_who_reads_it() -> None:
    made = Inviting(HOST).invite("[::1]:7000", 0)
    broken_in_two = made.text()[:50] + "\n  " + made.text()[50:]
    assert parse_invitation(broken_in_two) == made


@pytest.mark.parametrize("text", ["", "clawdesk-peer:", "clawdesk-peer:aGVsbG8", "x" * 5000])
def test_what_is_no_invitation_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(FabricError, match="no invitation") as found:
        parse_invitation(text)
    assert len(str(found.value)) < 100


@pytest.mark.parametrize("change", [{"a": "host"}, {"f": "zz"}, {"s": "short"}, {"a": 7}])
def test_each_part_of_an_invitation_is_checked(change: dict[str, object]) -> None:
    text = Inviting(HOST).invite("host:7000", 0).text()
    raw = text.removeprefix("clawdesk-peer:")
    fields = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps({**fields, **change}).encode()).decode()
    with pytest.raises(FabricError):
        parse_invitation("clawdesk-peer:" + changed)


def test_a_proof_holds_once_for_one_pair_and_one_purpose() -> None:
    inviting = Inviting(HOST)
    made = inviting.invite("host:7000", 0)
    assert not inviting.accept(OTHER, made.proof("join", GUEST), 1)
    assert not inviting.accept(GUEST, made.proof("welcome", GUEST), 1)
    assert not inviting.accept(GUEST, replace(made, fingerprint=OTHER).proof("join", GUEST), 1)
    assert inviting.accept(GUEST, made.proof("join", GUEST), 1) == made.proof("welcome", GUEST)
    assert not inviting.accept(GUEST, made.proof("join", GUEST), 2), "it is used up"


def test_an_invitation_ends_by_time_by_wrong_tries_and_by_the_next() -> None:
    inviting = Inviting(HOST)
    made = inviting.invite("host:7000", 0)
    assert not inviting.accept(GUEST, made.proof("join", GUEST), peers_pairing.LIFE_S)
    made = inviting.invite("host:7000", 0)
    for _ in range(TRIES_MAX):
        assert not inviting.accept(GUEST, "0" * 64, 1)
    assert not inviting.accept(GUEST, made.proof("join", GUEST), 1)
    made = inviting.invite("host:7000", 0)
    inviting.invite("host:7000", 0)
    assert not inviting.accept(GUEST, made.proof("join", GUEST), 1)


@pytest.mark.parametrize("text", ["host", "host:", "host:70000", "ho st:1", "[::1", "::1:7"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(FabricError, match="no address"):
        parse_address(text)
    assert parse_address("[fe80::1]:7") == ("fe80::1", 7)


# -- what is kept --------------------------------------------------------------------------------


def test_an_identity_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = open_identity(tmp_path / "x"), open_identity(tmp_path / "y")
    assert first.fingerprint == open_identity(tmp_path / "x").fingerprint != second.fingerprint
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    first.path.chmod(0o640)
    with pytest.raises(FabricError, match="others can read it"):
        open_identity(tmp_path / "x")
    second.path.write_text("nonsense")
    with pytest.raises(FabricError, match="cannot be read"):
        open_identity(tmp_path / "y")


def test_peers_are_kept_and_a_damaged_file_is_told(tmp_path: Path) -> None:
    certificate = open_identity(tmp_path / "x").certificate
    path = tmp_path / "peers.json"
    peer = Peer("lab", certificate, "host:7000", Lent(("m",), 3), was_seen=True)
    PeerFile(path).keep(peer)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dict(PeerFile(path).peers) == {"lab": peer}
    assert PeerFile(path).by_fingerprint(fingerprint_of(certificate)) == peer
    path.write_text(path.read_text().replace("host:7000", "http://host"))
    with pytest.raises(FabricError, match="whom this Fabric trusts"):
        PeerFile(path)


@pytest.mark.parametrize("text", [None, 7, "", "-----BEGIN CERTIFICATE-----\n", "x" * 9000])
def test_what_is_no_certificate_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked_certificate(text)


def test_a_certificate_of_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="of another kind"):
        checked_certificate(made_with(rsa.generate_private_key(65537, 2048)))


async def test_a_peer_vouches_for_nobody_else(two: Two, tmp_path: Path) -> None:
    """Its certificate says that it is an authority; one that it signed is let in nowhere."""
    authority = ec.generate_private_key(ec.SECP256R1())
    certificate = made_with(authority, is_authority=True)
    invitation = parse_invitation(await two.invite())
    body = {
        "certificate": certificate,
        "proof": invitation.proof("join", fingerprint_of(certificate)),
    }
    async with knocking(two, None) as guest:
        assert (await guest.ask("POST", "/peer/v1/pair", body))[0] == 200
    key = ec.generate_private_key(ec.SECP256R1())
    minted = made_with(key, signed_by=authority)
    path = tmp_path / "minted.pem"
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, form, no_password)
    path.write_text(private.decode() + minted)
    async with knocking(two, Identity(path, minted)) as stranger:
        assert (await stranger.ask("GET", "/v1/models"))[1]["error"]["code"] == "origin_refused"


def made_with(key: Any, *, is_authority: bool = False, signed_by: Any = None) -> str:
    """A certificate for this key, by the same name as its authority."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "minted")]) if signed_by else name
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(signed_by or key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


@pytest.mark.parametrize("name", ["", "a/b", "../x", "Lab", "peer:x", "a" * 33, "-a"])
def test_names_that_could_be_taken_for_something_else_are_refused(name: str) -> None:
    with pytest.raises(FabricError):
        checked_name(name)


def test_a_name_is_made_of_what_a_machine_calls_itself() -> None:
    assert free_name("Lab-2.example.org", ()) == "lab-2"
    assert free_name("lab", {"lab", "lab-2"}) == "lab-3"
    assert free_name("../../ü", ()) == "peer"
    assert free_name(None, ()) == "peer"
    for wished in ("a" * 999, "..", "-", "a b/c:d"):
        assert checked_name(free_name(wished, ()))


@pytest.mark.parametrize(
    ("models", "calls"),
    [("m", 1), ([7], 1), (["a/b"], 1), (["m"] * 65, 1), ([], 0), ([], 65), ([], True)],
)
def test_a_grant_is_bounded(models: object, calls: object) -> None:
    with pytest.raises(FabricError):
        checked_lent(models, calls)
    assert checked_lent(["m", "m"], 2) == Lent(("m",), 2)


def test_a_peer_that_asks_too_often_waits_and_is_forgiven_later() -> None:
    link = Link()
    assert [link.pace(50.0) for _ in range(BURST)] == [0.0] * BURST
    waits = [link.pace(50.0) for _ in range(3)]
    assert waits == pytest.approx([n / REQUESTS_PER_S for n in (1, 2, 3)])
    assert link.pace(60.0) == 0.0
    assert [link.pace(60.0) for _ in range(BURST)][-1] == pytest.approx(1 / REQUESTS_PER_S)


# -- two Fabrics ---------------------------------------------------------------------------------


async def test_after_pairing_each_knows_the_other_and_nobody_heard_the_secret(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = await two.borrower.control("peers")
    assert before == {"listening": None, "fingerprint": None, "invitation": None, "peers": []}
    text = await two.invite(models=())
    assert await joined(two.borrower, text) == ""
    lender, borrower = await two.lender.control("peers"), await two.borrower.control("peers")
    assert lender["peers"][0]["fingerprint"] == borrower["fingerprint"]
    assert borrower["peers"][0]["fingerprint"] == lender["fingerprint"]
    assert borrower["peers"][0]["address"] == lender["listening"]
    assert lender["peers"][0]["lent"] == {"models": [], "calls": 2, "in_flight": 0}
    assert borrower["peers"][0]["lent"] == {"models": [], "calls": 1, "in_flight": 0}
    secret = parse_invitation(text).secret
    assert secret not in caplog.text
    for file in two.lender.socket.parent.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file


async def test_an_invitation_is_good_once(two: Two) -> None:
    text = await two.invite()
    assert await joined(two.borrower, text) == ""
    await two.borrower.control("peers/lender/revoke", {})
    assert await joined(two.borrower, text)
    assert (await two.borrower.control("peers"))["peers"] == []
    assert await joined(two.borrower, await two.invite()) == "", "a new one pairs them anew"
    assert len((await two.lender.control("peers"))["peers"]) == 1


async def test_an_invitation_that_is_too_old_is_refused(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_pairing, "LIFE_S", 0.0)
    assert await joined(two.borrower, await two.invite())
    assert (await two.lender.control("peers"))["peers"] == []


async def test_wrong_secrets_are_few(two: Two, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    right = parse_invitation(await two.invite())
    for number in range(TRIES_MAX):
        wrong = replace(right, secret=f"{number}" * 43)
        assert await joined(two.borrower, wrong.text()) == "invalid_request"
        assert wrong.secret not in caplog.text
    assert await joined(two.borrower, right.text()), "it is void"
    assert (await two.lender.control("peers"))["peers"] == []


@pytest.mark.expect_log("shows another certificate")
async def test_another_machine_than_the_one_that_invited_hears_nothing(two: Two) -> None:
    right = parse_invitation(await two.invite())
    tampered = replace(right, fingerprint=OTHER)
    answer = await two.borrower.control("peers/join", {"invitation": tampered.text()})
    assert "shows another certificate" in answer["error"]["message"]
    assert await joined(two.borrower, right.text()) == "", "no try was used up"


@pytest.mark.expect_log("does not listen", "does not answer at 127")
async def test_what_cannot_be_paired_is_said(two: Two) -> None:
    answer = await two.borrower.control("peers/invite", {})
    assert "clawdesk-fabric peers listen" in answer["error"]["message"]
    own = Invitation("localhost:1", identity_of(two.borrower).fingerprint, "s" * 43)
    assert await joined(two.borrower, own.text()) == "invalid_request"
    nobody = Invitation("127.0.0.1:1", OTHER, "s" * 43)
    assert await joined(two.borrower, nobody.text())
    await two.pair()
    other = await two.lender.control("peers/invite", {})
    body = {"invitation": replace(parse_invitation(other["invitation"]), fingerprint=OTHER).text()}
    answer = await two.borrower.control("peers/join", {**body, "name": "lender"})
    assert "there is a peer lender already" in answer["error"]["message"]
    answer = await two.lender.control("peers/nobody/revoke", {})
    assert answer["error"]["code"] == "not_found"


async def test_a_peer_that_is_paired_again_keeps_one_place(two: Two) -> None:
    await two.pair()
    await two.lender.control("peers/invite", {})
    text = (await two.lender.control("peers/invite", {"models": [MODEL], "calls": 1}))["invitation"]
    assert await joined(two.borrower, text) == ""
    assert (await view(two.lender))["lent"]["calls"] == 1
    assert (await view(two.lender))["name"] == "borrower"


@pytest.mark.expect_log("192.0.2.1:1 cannot be used")
async def test_who_listens_once_does_so_until_it_is_told_otherwise(short_folder: Path) -> None:
    path, state = short_folder / "f.sock", short_folder / "state"
    async with running(FakeEngine(short_folder), path, state_folder=state) as world:
        assert (await world.control("peers"))["listening"] is None
        taken = await world.control("peers/listen", {"address": "192.0.2.1:1"})
        assert "cannot be used" in taken["error"]["message"]
        found = await world.control("peers/listen", {"address": "127.0.0.1:0"})
        assert found["listening"].startswith("127.0.0.1:")
        assert "invitation" in await world.control("peers/invite", {})
    async with running(FakeEngine(short_folder), path, state_folder=state) as world:
        before = (await world.control("peers"))["listening"]
        assert before == found["listening"]
        assert (await world.control("peers/listen", {"address": ""}))["listening"] is None
        host, _, port = before.rpartition(":")
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(host, int(port))
    async with running(FakeEngine(short_folder), path, state_folder=state) as world:
        assert (await world.control("peers"))["listening"] is None


@pytest.mark.expect_log("no peer can come")
async def test_an_address_that_is_gone_stops_no_start(short_folder: Path) -> None:
    path, state = short_folder / "f.sock", short_folder / "state"
    PeerFile(state / f"peers-{owner_id(path)}" / "peers.json").listen_at("192.0.2.1:7000")
    async with running(FakeEngine(short_folder), path, state_folder=state) as world:
        assert (await world.control("peers"))["listening"] is None
        assert (await world.chat())[0] == 200


@pytest.mark.expect_log("cannot be read")
async def test_damaged_files_cost_trust_and_nothing_else(short_folder: Path) -> None:
    path, state = short_folder / "f.sock", short_folder / "state"
    place = state / f"peers-{owner_id(path)}"
    place.mkdir(parents=True)
    (place / "peers.json").write_text("{")
    (place / "identity.pem").write_text("nonsense")
    async with running(FakeEngine(short_folder), path, state_folder=state) as world:
        before = await world.control("peers")
        assert before["fingerprint"] is None
        assert (before["listening"], before["peers"]) == (None, [])
        assert (await world.chat())[0] == 200
        invitation = Invitation("127.0.0.1:1", OTHER, "s" * 43).text()
        answer = await world.control("peers/join", {"invitation": invitation})
        assert f"remove {place / 'identity.pem'}" in answer["error"]["message"]
    assert (place / "peers.json.damaged").read_text() == "{"


@pytest.mark.expect_log("cannot be written", "failed midway")
async def test_a_peer_is_revoked_also_where_that_cannot_be_written(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two.pair()

    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(peers_kept, "write_private", full)
    answer = await two.lender.control("peers/borrower/revoke", {})
    assert "No space left on device" in answer["error"]["message"]
    assert (await two.lender.control("peers"))["peers"] == []
    async with knocking(two, identity_of(two.borrower)) as former:
        with pytest.raises(aiohttp.ClientError):
            await former.ask("GET", "/v1/models")


async def test_a_fabric_that_listens_for_peers_does_not_leave_by_itself(
    short_folder: Path,
) -> None:
    path, state = short_folder / "f.sock", short_folder / "state"
    options = Options(path, state_folder=state, peers="127.0.0.1:0", idle_exit_s=0.05)
    server = Server(catalog(), FakeEngine(short_folder), options)
    serving = asyncio.create_task(server.run())
    await server.listening.wait()
    for _ in range(3):
        await server.fabric.change()  # ticks, each longer than the limit
    assert not serving.done()
    assert server.peers is not None
    await server.peers.listen_at("")
    await asyncio.wait_for(serving, 10)
