"""The turns that wait or run now: their progress for whoever watches, and their switch for Stop.

A turn outlives the page that asked for it. One thread works on it; any number of pages (two tabs, a page that was
reloaded) follow it here. Pages and threads name a turn by its id and its owner.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field, replace
from itertools import count, islice

from assistant.events import Stage, Waiting
from assistant.turn_request import TurnRequest
from ui.errors import TurnRunningError

# A turn may be over before its page begins to watch; this many are remembered for that moment.
REMEMBERED = 256


@dataclass(frozen=True)
class Progress:
    """How far a turn is.

    Attributes:
        waiting: its place in the line to the engine; None where it does not wait.
        conversation_id: where the question is stored; None until it is, in a new conversation.
        is_stored: the question is in the history.
        stages: those reached so far, the current one last; one in parts is there once, with the newest part.
        text: the answer's text so far.
        is_stopping: somebody pressed Stop.
        is_finished: the turn ended; the history has what came of it.
        refusal: why the turn ended without anything being stored; None otherwise.
        notice: what was done instead of an answer ("undo that"); None otherwise.
    """

    waiting: Waiting | None = None
    conversation_id: str | None = None
    is_stored: bool = False
    stages: tuple[Stage, ...] = ()
    text: str = ""
    is_stopping: bool = False
    is_finished: bool = False
    refusal: str | None = None
    notice: str | None = None


@dataclass
class TurnInFlight:
    """One turn, from its acceptance to its end; only `TurnsInFlight` changes it."""

    id: str
    request: TurnRequest
    session: str
    is_claimed: bool = False
    progress: Progress = field(default_factory=Progress)
    followers: list[Callable[[], None]] = field(default_factory=list)


class TurnsInFlight:
    """Thread-safe list of the turns that wait or run."""

    def __init__(self, *, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._on_change = on_change
        self._changing = threading.RLock()
        self._turns: dict[str, TurnInFlight] = {}
        self._finished: dict[str, TurnInFlight] = {}
        self._numbers = count(1)

    def admit(self, request: TurnRequest, *, session: str) -> TurnInFlight:
        """Add a turn.

        Args:
            request: what to run; carries its own `Cancellation`.
            session: the page that asked; see `abandon`.

        Raises:
            TurnRunningError: the conversation is busy.
        """
        with self._changing:
            here = request.conversation_id
            owned = [turn for turn in self._turns.values() if turn.request.owner == request.owner]
            if here is not None and any(turn.progress.conversation_id == here for turn in owned):
                raise TurnRunningError
            turn = TurnInFlight(str(next(self._numbers)), request, session)
            turn.progress = Progress(conversation_id=here)
            self._turns[turn.id] = turn
            self._on_change(len(self._turns))
            return turn

    def claim(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Return the turn to the one thread that shall work on it; None when it is taken, gone or not `owner`'s."""
        with self._changing:
            turn = self._turns.get(turn_id)
            if turn is None or turn.request.owner != owner or turn.is_claimed:
                return None
            turn.is_claimed = True
            return turn

    def get(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Return a turn, one that has just finished included; None when it is long over or not `owner`'s."""
        with self._changing:
            turn = self._turns.get(turn_id) or self._finished.get(turn_id)
            return turn if turn is not None and turn.request.owner == owner else None

    def find(self, owner: str, conversation_id: str) -> TurnInFlight | None:
        """Return the turn that is in flight in a conversation."""
        with self._changing:
            for turn in self._turns.values():
                if turn.request.owner == owner and turn.progress.conversation_id == conversation_id:
                    return turn
        return None

    def report_stored(self, turn: TurnInFlight, conversation_id: str) -> None:
        """Note that the question is in the history."""
        with self._changing:
            self._update(turn, conversation_id=conversation_id, is_stored=True)

    def report_waiting(self, turn: TurnInFlight, waiting: Waiting) -> None:
        """Note the turn's place in line."""
        with self._changing:
            self._update(turn, waiting=waiting)

    def report_stage(self, turn: TurnInFlight, stage: Stage) -> None:
        """Note that the turn reached a stage, or a further part of the one that it is at."""
        with self._changing:
            before = turn.progress.stages
            if before and stage.part is not None and before[-1].name == stage.name:
                before = before[:-1]
            self._update(turn, stages=(*before, stage), waiting=None)

    def report_text(self, turn: TurnInFlight, text: str) -> None:
        """Note more of the answer's text."""
        with self._changing:
            self._update(turn, text=turn.progress.text + text)

    def report_notice(self, turn: TurnInFlight, sentence: str) -> None:
        """Note what was done instead of an answer."""
        with self._changing:
            self._update(turn, notice=sentence)

    def stop(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Ask a turn to stop, and return it; None when it is over or not `owner`'s."""
        with self._changing:
            turn = self._turns.get(turn_id)
            if turn is None or turn.request.owner != owner:
                return None
            turn.request.cancellation.cancel()
            self._update(turn, is_stopping=True)
            return turn

    def finish(self, turn: TurnInFlight, *, refusal: str | None = None) -> None:
        """Take the turn off the list and tell everybody who follows it."""
        with self._changing:
            self._turns.pop(turn.id, None)
            self._finished[turn.id] = turn
            for forgotten in list(islice(self._finished, max(0, len(self._finished) - REMEMBERED))):
                del self._finished[forgotten]
            self._update(turn, is_finished=True, waiting=None, refusal=refusal)
            self._on_change(len(self._turns))

    def abandon(self, session: str) -> list[TurnInFlight]:
        """Stop the turns that a closed page left waiting; take and return those that nobody began to work on."""
        with self._changing:
            left = [turn for turn in self._turns.values() if turn.session == session]
            unclaimed = [turn for turn in left if not turn.is_claimed]
            for turn in left:
                if not turn.is_claimed or turn.progress.waiting is not None:
                    turn.is_claimed = True
                    turn.request.cancellation.cancel()
            return unclaimed

    async def follow(self, turn: TurnInFlight) -> AsyncGenerator[Progress, None]:
        """Yield the turn's progress each time it changes, until it is finished.

        It holds no thread, and ends at once when it is cancelled: Gradio holds up everybody while it ends a follower.
        """
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(changed.set)

        with self._changing:
            turn.followers.append(wake)
        try:
            seen: Progress | None = None
            while seen is None or not seen.is_finished:
                changed.clear()
                if turn.progress is seen:
                    await changed.wait()
                else:
                    seen = turn.progress
                    yield seen
        finally:
            with self._changing:
                turn.followers.remove(wake)

    def _update(self, turn: TurnInFlight, **changes: object) -> None:
        turn.progress = replace(turn.progress, **changes)  # type: ignore[arg-type]
        for wake in turn.followers:
            wake()
