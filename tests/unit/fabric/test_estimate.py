"""Memory estimates against shapes that were measured or published."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from clawdesk_fabric.estimate import Estimate, Room, estimate, fit, kv_cache_bytes
from clawdesk_fabric.weights.shape import Shape

SMOLLM2 = Shape(
    form="gguf",
    title="",
    licence="",
    architecture="llama",
    parameters=134_515_008,
    quantisation="Q4_1",
    layers=30,
    heads=9,
    kv_heads=(3,) * 30,
    key_size=64,
    value_size=64,
    context=8192,
    file_bytes=98_362_432,
)


def test_the_small_model_needs_a_little_more_than_was_measured() -> None:
    measured_mib = 241  # its container's memory at 8192 tokens in 4 slots (docs/notes/fabric.md)
    need = estimate(SMOLLM2, context=8192)
    assert (need.weights_mib, need.kv_cache_mib) == (104, 180)
    assert measured_mib <= need.total_mib <= 1.5 * measured_mib


def test_a_published_cache_size_is_met() -> None:
    # 32 layers, 8 key heads of 128 values, 8192 tokens in fp16: 1 GiB.
    shape = replace(SMOLLM2, kv_heads=(8,) * 32, key_size=128, value_size=128)
    assert kv_cache_bytes(shape, 8192) == 2**30
    assert kv_cache_bytes(shape, 8192, bytes_per_value=1) == 2**29


def test_layers_without_keys_cost_nothing() -> None:
    assert kv_cache_bytes(replace(SMOLLM2, kv_heads=(3, 0, 3)), 100) == 2 * 3 * 128 * 100 * 2


def test_each_gpu_has_a_context_of_its_own() -> None:
    one, two = (estimate(SMOLLM2, context=8192, gpus=n).overhead_mib for n in (1, 2))
    assert two == 2 * one


def room(name: str, free: int) -> Room:
    return Room(name, name, free)


def need(mib: int) -> Estimate:
    return Estimate(mib, 0, 0)


def test_the_fullest_gpu_with_room_is_taken() -> None:
    rooms = [room("a", 9000), room("b", 3000), room("c", 1000)]
    assert fit(need(2500), rooms, 2).devices == ("b",)
    assert set(fit(need(6000), [room("a", 4000), room("b", 3000)], 2).devices) == {"a", "b"}


def test_what_does_not_fit_is_told_with_figures() -> None:
    verdict = fit(need(6000), [room("GPU 0", 4000), room("GPU 1", 3000)], 1)
    assert not verdict.fits
    assert "needs about 6000 MiB" in verdict.text
    assert "GPU 0 has the most room, 4000 MiB" in verdict.text
    assert "no driver" in fit(need(1), [], 1, "no driver").text


@given(
    mib=st.integers(1, 10_000),
    free=st.lists(st.integers(0, 10_000), max_size=6),
    most=st.integers(1, 8),
)
def test_what_is_said_to_fit_fits(mib: int, free: list[int], most: int) -> None:
    rooms = [room(str(number), value) for number, value in enumerate(free)]
    verdict = fit(need(mib), rooms, most)
    if verdict.fits:
        assert 1 <= len(verdict.devices) <= most
        each = -(-mib // len(verdict.devices))
        assert all(free[int(device)] >= each for device in verdict.devices)
    else:
        for count in range(1, most + 1):
            each = -(-mib // count)
            assert sum(value >= each for value in free) < count
