"""The engine's own process: told what to serve on its standard input, ends when that is closed.

Run as a module by the supervisor, in vLLM's interpreter and in the private folder. Its standard output carries one JSON
object a line to the supervisor, {"stage"} while it starts, then {"ready"}, or {"failed"}; what libraries print goes to
the log.
"""

import asyncio
import contextlib
import importlib
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

import uvicorn

from serving.errors import BackendUnavailableError
from serving.vllm_process.process_group import end_group, remove_shared_memory
from serving.vllm_process.runtime_folder import RuntimeFolder
from serving.vllm_process.service import TextEngine, build_service
from serving.vllm_process.settings import Orders

_LOOK_S = 0.5  # how often the engine's death is looked for
_GRACE_S = 3.0


def main() -> None:
    """Serve until told to stop, or until the program that started this process is gone."""
    channel = _take_over_output()
    folder = RuntimeFolder(Path.cwd())
    line = _read_line()
    if not line:
        folder.remove()  # the program was gone before it could say a word
        sys.exit(1)
    orders = Orders.from_json(line)
    lifeline = Lifeline(folder)  # before anything slow: a program may be killed while its engine loads

    def say(**words: str | bool) -> None:
        with contextlib.suppress(BrokenPipeError):  # the lifeline knows, too
            channel.write(json.dumps(words) + "\n")
            channel.flush()

    try:
        say(stage="importing")
        module, _, function = orders.settings.entry.partition(":")
        open_engine = getattr(importlib.import_module(module), function)
        say(stage="loading")
        asyncio.run(_serve(open_engine, orders, folder, say, lifeline))
    except (ModuleNotFoundError, BackendUnavailableError) as error:
        say(failed=f"missing {error.name}" if isinstance(error, ModuleNotFoundError) else str(error))
        sys.exit(1)
    finally:
        lifeline.let_finish()


class Lifeline:
    """Ends the group, and removes what it leaves, once standard input is closed: the program that holds it is gone.

    Args:
        folder: of this process.
    """

    def __init__(self, folder: RuntimeFolder) -> None:
        assert os.getpgrp() == os.getpid(), "the supervisor starts this process as the leader of a group"
        self._folder = folder
        self._is_cut = threading.Event()
        self._thread = threading.Thread(target=self._leave_when_cut, daemon=True)
        self._thread.start()

    def let_finish(self) -> None:
        """Wait until everything is removed, if the program is gone; then this does not return."""
        if self._is_cut.is_set():
            self._thread.join()

    def _leave_when_cut(self) -> None:
        while os.read(0, 1024):
            pass
        self._is_cut.set()
        held = end_group(os.getpgrp(), grace_s=_GRACE_S, spare=os.getpid())
        remove_shared_memory(held | self._folder.noted_shared_memory(), leaving=os.getpid())
        self._folder.remove()
        os._exit(1)


async def _serve(open_engine: Any, orders: Orders, folder: RuntimeFolder, say: Any, lifeline: Lifeline) -> None:
    engine: TextEngine = open_engine(orders.settings, folder)
    try:
        say(stage="listening")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(folder.socket))
        config = uvicorn.Config(
            build_service(engine, orders.key), log_config=None, access_log=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        say(ready=True)
        while not serving.done() and not engine.is_dead:
            await asyncio.wait((serving,), timeout=_LOOK_S)
        if engine.is_dead:
            lifeline.let_finish()
            os._exit(1)  # nothing of it can be closed any more; the supervisor ends the group
    finally:
        engine.close()


def _take_over_output() -> TextIO:
    """Return standard output as it was, and send what is printed from now on to the log."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")  # dup: not handed on to processes started from here
    os.dup2(2, 1)
    return channel


def _read_line() -> str:
    """Return the first line of standard input, or nothing if it is closed; unbuffered: a thread watches the rest."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return ""
        line += byte
    return line.decode()


if __name__ == "__main__":
    main()
