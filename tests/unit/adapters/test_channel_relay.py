"""Model calls from a guest (the real program, as a process) to the Fabric's port."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from clawdesk.adapters.libvirt.channel import ChannelSession, GuestChannels
from clawdesk.domain.spending import CallUse
from clawdesk.ports.errors import InferenceError
from clawdesk.ports.guest import ModelCalled, ModelsUsed, StepOutput, StepRun
from clawdesk_guest import protocol
from tests.support.guest_process import running_guest
from tests.support.inference_fake import EchoInference

CHAT = "/chat/completions"


class Place:
    """A guest whose relay listens on `url`, and the Fabric behind it."""

    def __init__(self, channels: GuestChannels, fabric: EchoInference) -> None:
        self.channels = channels
        self.fabric = fabric
        self.session: ChannelSession
        self.url = ""

    async def connect(self, *, start: bool) -> None:
        self.session = await self.channels.connect("m", token="secret", start=start)

    async def find_relay(self) -> None:
        await self.session.run(StepRun("r", "n", 'printf %s "$OPENAI_BASE_URL"', 60))
        async for message in self.session.messages():
            assert isinstance(message, StepOutput)
            self.url = message.chunk.decode()
            return

    async def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes."""
        host, _, port = self.url.removeprefix("http://").removesuffix("/v1").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    with running_guest({"a": b"a"}) as process:
        fabric = EchoInference()
        channels = GuestChannels(lambda _machine: process.socket, fabric)
        place = Place(channels, fabric)
        try:
            await place.connect(start=True)
            await place.find_relay()
            yield place
        finally:
            await channels.close()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_call_goes_there_and_back(place: Place, client: aiohttp.ClientSession) -> None:
    headers = {"authorization": "Bearer clawdesk", "x-clawdesk-priority": "3", "cookie": "no"}
    async with client.post(place.url + CHAT, json={"a": 1}, headers=headers) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert await answer.json() == {"a": 1}
    [(token, method, path, passed, _)] = place.fabric.asked
    assert (token, method, path) == ("secret", "POST", "/v1/chat/completions")
    assert passed["x-clawdesk-priority"] == "3"
    assert not passed.keys() & {"authorization", "cookie", "host"}


async def test_an_answer_in_one_piece_says_its_length(
    place: Place, client: aiohttp.ClientSession
) -> None:
    """Clients read it with fewer steps than chunks, and see where it is cut."""
    async with client.post(place.url + CHAT, json={"a": 1}) as answer:
        assert (await answer.json(), answer.headers["content-length"]) == ({"a": 1}, "8")
        assert "transfer-encoding" not in answer.headers
    async with client.post(place.url + CHAT, data=b"") as answer:
        assert (await answer.read(), answer.headers["content-length"]) == (b"", "0")
    async with client.head(place.url + "/models") as answer:
        assert await answer.read() == b""


async def test_large_bodies_keep_their_bytes(place: Place, client: aiohttp.ClientSession) -> None:
    body = bytes(range(256)) * 20_000  # 5 MB, many times the window
    async with client.post(place.url + "/embeddings", data=io.BytesIO(body)) as answer:
        assert await answer.read() == body


async def test_many_calls_at_once(place: Place, client: aiohttp.ClientSession) -> None:
    async def call(number: int) -> str:
        async with client.post(place.url + CHAT, data=f"{number}" * 5000) as answer:
            return await answer.text()

    answers = await asyncio.gather(*(call(number) for number in range(100)))
    assert answers == [f"{number}" * 5000 for number in range(100)]


async def test_the_first_bytes_come_before_the_last(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.hold = asyncio.Event()
    async with client.post(place.url + CHAT, data=b"x" * 1500) as answer:
        assert answer.headers["transfer-encoding"] == "chunked"
        assert await answer.content.readexactly(1000) == b"x" * 1000
        place.channels._thread.post(place.fabric.hold.set)  # type: ignore[union-attr]
        assert await answer.read() == b"x" * 500


async def test_a_client_that_leaves_frees_its_slot(place: Place) -> None:
    place.fabric.hold = asyncio.Event()
    async with aiohttp.ClientSession() as client:
        answer = await client.post(place.url + CHAT, data=b"x" * 5000)
        await answer.content.readexactly(1000)
        answer.close()
    async with asyncio.timeout(5):
        while not place.fabric.left:
            await place.session.set_feedback("")  # a round trip
    assert place.fabric.left == ["/v1/chat/completions"]


@pytest.mark.parametrize("path", ["/../fabric/v1/status", "/fabric/v1/status", "/v1/..%2f", "/v1"])
async def test_only_model_calls_pass(place: Place, path: str) -> None:
    answer = await place.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 404")
    assert place.fabric.asked == []


@pytest.mark.parametrize(
    "head",
    [
        b"POST v1/chat/completions HTTP/1.1",
        b"hello",
        b"POST /v1/chat/completions HTTP/1.1\r\nno colon",
        b"POST /v1/chat/completions HTTP/1.1\r\na: " + protocol.SYNC,
    ],
)
async def test_what_is_no_request_is_refused_in_its_own_words(place: Place, head: bytes) -> None:
    answer = await place.raw(head + b"\r\nContent-Length: 0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad_request"
    assert place.fabric.asked == []


async def test_what_the_fabric_refuses_is_said_in_openais_shape(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.problem = InferenceError("no engine", mend="start Docker", code="no_engine")
    async with client.post(place.url + CHAT, json={}) as answer:
        assert answer.status == 503
        error = json.loads(await answer.text())["error"]
    assert (error["message"], error["code"]) == ("No engine. start Docker", "no_engine")


async def told_of(place: Place, count: int) -> list[ModelCalled | ModelsUsed]:
    """What is told until so many calls are accounted for."""
    found: list[ModelCalled | ModelsUsed] = []
    async for message in place.session.messages():
        if isinstance(message, ModelCalled | ModelsUsed):
            found.append(message)
            if sum(len(said.uses) for said in found) >= count:
                break
    return found


async def test_what_a_call_used_is_asked_of_the_fabric_and_told_with_its_step(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.uses["f-1"] = CallUse("f-1", measured=True, tokens_in=9, place="gpu", gpu_ms=70)
    usage = {"usage": {"prompt_tokens": 1, "completion_tokens": 4}}
    for _ in range(2):  # the Fabric knows only the first
        async with client.post(place.url + CHAT, json=usage) as answer:
            await answer.read()
    first, second = await told_of(place, 2)
    assert isinstance(first, ModelCalled)
    (use,) = first.uses
    # Its word comes before the answer's, which stands in where it has none.
    assert use == replace(place.fabric.uses["f-1"], run="r", tokens_out=4)
    assert (first.tokens_in, first.tokens_out) == (9, 4)
    (use,) = second.uses
    assert (use.measured, use.tokens_in, use.tokens_out, use.run) == (False, 1, 4, "r")


async def test_a_call_that_got_nowhere_used_nothing(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.problem = InferenceError("no engine", mend="start Docker", code="no_engine")
    async with client.post(place.url + CHAT, json={}) as answer:
        assert answer.status == 503
    (said,) = await told_of(place, 1)
    assert said.uses[0].failed
    assert not said.uses[0].measured


async def test_a_quiesced_guest_holds_new_calls(
    place: Place, client: aiohttp.ClientSession
) -> None:
    assert await place.session.quiesce()
    call = asyncio.ensure_future(client.post(place.url + CHAT, data=b"x"))
    await place.session.set_feedback("")  # a round trip: the call has had its chance
    assert place.fabric.asked == []
    await place.session.unquiesce()
    async with await call as answer:
        assert await answer.read() == b"x"


async def test_calls_in_flight_are_drained_or_reported(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.hold = asyncio.Event()
    answer = await client.post(place.url + CHAT, data=b"x" * 1500)
    assert not await place.session.quiesce(timeout_s=0.3)
    await place.session.unquiesce()
    quiet = asyncio.ensure_future(place.session.quiesce())
    await place.session.set_feedback("")
    place.channels._thread.post(place.fabric.hold.set)  # type: ignore[union-attr]
    assert await answer.read() == b"x" * 1500
    assert await quiet
    answer.close()


async def test_files_are_told_once_calls_in_flight_are_drained_or_without_a_rest(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.hold = asyncio.Event()
    answer = await client.post(place.url + CHAT, data=b"x" * 1500)
    nothing = await place.session.collect()
    assert await place.session.rest(timeout_s=0.3) == (False, nothing)
    await place.session.unquiesce()
    rested = asyncio.ensure_future(place.session.rest())
    await place.session.set_feedback("")
    assert not rested.done()
    place.channels._thread.post(place.fabric.hold.set)  # type: ignore[union-attr]
    assert await answer.read() == b"x" * 1500
    assert await rested == (True, nothing)
    answer.close()


async def test_a_held_call_is_forwarded_after_a_reconnect(
    place: Place, client: aiohttp.ClientSession
) -> None:
    await place.session.quiesce()
    call = asyncio.ensure_future(client.post(place.url + CHAT, data=b"again"))
    await place.session.set_feedback("")
    await place.session.close()
    await place.connect(start=False)
    async with await call as answer:
        assert await answer.read() == b"again"
    assert len(place.fabric.asked) == 1


async def test_an_answer_that_broke_off_is_seen_as_broken(
    place: Place, client: aiohttp.ClientSession
) -> None:
    place.fabric.hold = asyncio.Event()
    answer = await client.post(place.url + CHAT, data=b"x" * 5000)
    await answer.content.readexactly(1000)
    await place.session.close()
    await place.connect(start=False)
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    answer.close()
