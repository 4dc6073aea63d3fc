import collections
import contextlib
import datetime
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.benchmarks.safe_pickle import load_plain_pickle
from evaluation.errors import BenchmarkUnreadableError

PLAIN = [{"a": (1, 2.5, None, True), "ü": [b"x", {"y"}, frozenset({3})], "big": 2**70}]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_of_every_protocol_comes_back(tmp_path: Path, protocol: int) -> None:
    content = [{**PLAIN[0], "ü": [{"y"}, frozenset({3})]}] if protocol < 3 else PLAIN  # before 3, bytes are a call
    (tmp_path / "p").write_bytes(pickle.dumps(content, protocol=protocol))
    assert load_plain_pickle(tmp_path / "p") == content


def test_texts_of_python_2_come_back_as_text(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"(lp0\nS'a red ship'\np1\na.")  # protocol 0, as Python 2 wrote ['a red ship']
    assert load_plain_pickle(tmp_path / "p") == ["a red ship"]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (print, "builtins.print"),
        (eval, "builtins.eval"),
        (datetime.date(2026, 1, 1), "datetime.date"),
        (collections.OrderedDict(a=1), "collections.OrderedDict"),
        (np.int64(3), "numpy"),
        (Path("x"), "pathlib"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_anything_else_is_refused_by_name(tmp_path: Path, value: object, name: str, protocol: int) -> None:
    (tmp_path / "p").write_bytes(pickle.dumps([value], protocol=protocol))
    expected = name.replace("builtins", "__builtin__") if protocol < 3 else name
    with pytest.raises(BenchmarkUnreadableError) as caught:
        load_plain_pickle(tmp_path / "p")
    assert expected in str(caught.value) or "_reconstruct" in str(caught.value) or "copy_reg" in str(caught.value)


def test_a_file_that_breaks_off_is_a_sentence(tmp_path: Path) -> None:
    whole = pickle.dumps(PLAIN)
    for cut in range(len(whole)):
        (tmp_path / "p").write_bytes(whole[:cut])
        with pytest.raises(BenchmarkUnreadableError, match="damaged"):
            load_plain_pickle(tmp_path / "p")


def test_a_memo_number_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"]r\xff\xff\xff\x7f.")  # an empty list, kept under number 2**31 - 1
    with pytest.raises(BenchmarkUnreadableError, match="damaged"):
        load_plain_pickle(tmp_path / "p")


@settings(deadline=None)
@given(content=st.binary(max_size=40).map(lambda some: some + b"."))
def test_no_bytes_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.p"
    path.write_bytes(content)
    with contextlib.suppress(BenchmarkUnreadableError):
        load_plain_pickle(path)
