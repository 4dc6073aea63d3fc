"""Read a pickle that holds nothing but lists, dicts, sets, texts and numbers; anything else in it is refused.

An ordinary `pickle.load` runs whatever the file's author wanted to be run.
"""

import io
import pickle
import pickletools
import struct
from pathlib import Path

from evaluation.errors import BenchmarkUnreadableError

MAX_BYTES = 256 * 1024**2

# Sets are named rather than written in the older protocols; Python 2 called the module differently.
_PLAIN = {
    (module, name): kind
    for module in ("builtins", "__builtin__")
    for name, kind in (("set", set), ("frozenset", frozenset))
}

_NUMBERS_MEMO = ("PUT", "BINPUT", "LONG_BINPUT")

# What the unpickler raises on damaged bytes; it has no root of its own.
_UNPICKLING_ERRORS = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ImportError,
    ArithmeticError,
    RecursionError,
    MemoryError,
    struct.error,
)


class _ForeignObjectError(pickle.UnpicklingError):
    pass


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str, /) -> type:
        try:
            return _PLAIN[module, name]
        except KeyError:
            raise _ForeignObjectError(f"{module}.{name}") from None


def load_plain_pickle(path: Path) -> object:
    """Return what the file holds: lists, dicts, tuples, sets, texts, bytes, numbers, truth values, None.

    Raises:
        BenchmarkUnreadableError: it names a class or function, is damaged, or is larger than 256 MiB.
        FileNotFoundError: there is no such file.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BenchmarkUnreadableError(where=path.name, problem="it is larger than 256 MiB")
    content = path.read_bytes()
    try:
        _check_memo(content)
        # Files written by Python 2 hold bytes for text.
        return _PlainUnpickler(io.BytesIO(content), encoding="utf-8").load()
    except _ForeignObjectError as error:
        raise BenchmarkUnreadableError(
            where=path.name,
            problem=f"it asks for the program object {error}; only lists, dicts, texts and numbers are read from "
            "a pickle, since anything else could run code on this machine",
        ) from error
    except _UNPICKLING_ERRORS as error:
        raise BenchmarkUnreadableError(where=path.name, problem="it is damaged or no pickle") from error


def _check_memo(content: bytes) -> None:
    """Refuse a number in the memo that the file is too short for: the unpickler would reserve memory up to it."""
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name in _NUMBERS_MEMO and int(str(argument)) > len(content):
            raise pickle.UnpicklingError("a memo number is beyond the file")
