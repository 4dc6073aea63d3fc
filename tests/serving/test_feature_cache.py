"""Kept features: found again by digest, bounded in bytes, the oldest goes first."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from serving.feature_cache import FeatureCache


@dataclass(frozen=True)
class _Block:
    size_bytes: int


def test_the_least_recently_used_goes_first() -> None:
    cache: FeatureCache[_Block] = FeatureCache(max_bytes=20)
    first, second, third = _Block(10), _Block(10), _Block(10)
    cache.put("first", first)
    cache.put("second", second)
    assert cache.get("first") is first  # used again, so `second` is now the oldest
    cache.put("third", third)
    assert cache.get("second") is None
    assert cache.get("first") is first
    assert cache.get("third") is third


def test_an_entry_above_the_bound_stays_until_the_next() -> None:
    cache: FeatureCache[_Block] = FeatureCache(max_bytes=5)
    large = _Block(50)
    cache.put("large", large)
    assert cache.get("large") is large
    cache.put("small", _Block(1))
    assert cache.get("large") is None


@given(puts=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, 30)), max_size=40))
def test_the_bound_holds_and_the_books_balance(puts: list[tuple[str, int]]) -> None:
    cache: FeatureCache[_Block] = FeatureCache(max_bytes=50)
    latest: dict[str, _Block] = {}
    for digest, size in puts:
        latest[digest] = _Block(size)
        cache.put(digest, latest[digest])
        held = {name: block for name in latest if (block := cache.get(name)) is not None}
        assert all(block is latest[name] for name, block in held.items())
        assert cache.held_bytes == sum(block.size_bytes for block in held.values())
        assert cache.held_bytes <= 50 or len(cache) == 1
