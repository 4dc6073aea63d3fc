"""The turns that wait or run now: their progress for whoever watches, and their switch for Stop.

A turn outlives the page that asked for it. One thread works on it; any number of pages (two tabs, a page that was
reloaded) follow it here. Pages and threads name a turn by its id and its owner.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, islice

from assistant.turns import TurnRequest
from ui.errors import TurnRunningError
from ui.limits import TurnLimits

# A turn may be over before its page begins to watch; this many are remembered for that moment.
REMEMBERED = 256


@dataclass(frozen=True)
class Progress:
    """How far a turn is.

    Attributes:
        ahead: turns that run or wait before this one; 0 once it runs.
        conversation_id: where the question is stored; None until it is, in a new conversation.
        is_stored: the question is in the history.
        stages: the sentences of the stages reached so far, the current one last.
        text: the answer's text so far.
        is_stopping: somebody pressed Stop.
        is_finished: the turn ended; the history has what came of it.
        refusal: why the turn ended without anything being stored; None otherwise.
        notice: what was done instead of an answer ("undo that"); None otherwise.
    """

    ahead: int = 0
    conversation_id: str | None = None
    is_stored: bool = False
    stages: tuple[str, ...] = ()
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


class TurnsInFlight:
    """Thread-safe list of the turns that wait or run."""

    def __init__(self, limits: TurnLimits, *, on_change: Callable[[int], None] = lambda _: None) -> None:
        self._limits = limits
        self._on_change = on_change
        self._changed = threading.Condition()
        self._turns: dict[str, TurnInFlight] = {}
        self._finished: dict[str, TurnInFlight] = {}
        self._numbers = count(1)

    def admit(self, request: TurnRequest, *, session: str) -> TurnInFlight:
        """Add a turn to the end of the line.

        Args:
            request: what to run; carries its own `Cancellation`.
            session: the page that asked; see `abandon`.

        Raises:
            TurnRunningError: the conversation is busy.
            TooManyTurnsError: this person has too many turns in flight.
            QueueFullError: everybody together has.
        """
        with self._changed:
            owned = [turn for turn in self._turns.values() if turn.request.owner == request.owner]
            here = request.conversation_id
            if here is not None and any(turn.progress.conversation_id == here for turn in owned):
                raise TurnRunningError
            self._limits.check(total=len(self._turns), per_owner=len(owned))
            turn = TurnInFlight(str(next(self._numbers)), request, session)
            turn.progress = Progress(conversation_id=here)
            self._turns[turn.id] = turn
            self._renumber()
            return turn

    def claim(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Return the turn to the one thread that shall work on it; None when it is taken, gone or not `owner`'s."""
        with self._changed:
            turn = self._turns.get(turn_id)
            if turn is None or turn.request.owner != owner or turn.is_claimed:
                return None
            turn.is_claimed = True
            self._renumber()
            return turn

    def get(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Return a turn, one that has just finished included; None when it is long over or not `owner`'s."""
        with self._changed:
            turn = self._turns.get(turn_id) or self._finished.get(turn_id)
            return turn if turn is not None and turn.request.owner == owner else None

    def find(self, owner: str, conversation_id: str) -> TurnInFlight | None:
        """Return the turn that is in flight in a conversation."""
        with self._changed:
            for turn in self._turns.values():
                if turn.request.owner == owner and turn.progress.conversation_id == conversation_id:
                    return turn
        return None

    def report_stored(self, turn: TurnInFlight, conversation_id: str) -> None:
        """Note that the question is in the history."""
        with self._changed:
            self._update(turn, conversation_id=conversation_id, is_stored=True)

    def report_stage(self, turn: TurnInFlight, sentence: str) -> None:
        """Note that the turn reached a stage."""
        with self._changed:
            self._update(turn, stages=(*turn.progress.stages, sentence))

    def report_text(self, turn: TurnInFlight, text: str) -> None:
        """Note more of the answer's text."""
        with self._changed:
            self._update(turn, text=turn.progress.text + text)

    def report_notice(self, turn: TurnInFlight, sentence: str) -> None:
        """Note what was done instead of an answer."""
        with self._changed:
            self._update(turn, notice=sentence)

    def stop(self, owner: str, turn_id: str) -> TurnInFlight | None:
        """Ask a turn to stop, and return it; None when it is over or not `owner`'s."""
        with self._changed:
            turn = self._turns.get(turn_id)
            if turn is None or turn.request.owner != owner:
                return None
            turn.request.cancellation.cancel()
            self._update(turn, is_stopping=True)
            return turn

    def finish(self, turn: TurnInFlight, *, refusal: str | None = None) -> None:
        """Take the turn off the list and tell everybody who follows it."""
        with self._changed:
            self._turns.pop(turn.id, None)
            self._finished[turn.id] = turn
            for forgotten in list(islice(self._finished, max(0, len(self._finished) - REMEMBERED))):
                del self._finished[forgotten]
            self._update(turn, is_finished=True, ahead=0, refusal=refusal)
            self._renumber()

    def abandon(self, session: str) -> list[TurnInFlight]:
        """Take and return the turns that a closed page left waiting before anybody began to work on them."""
        with self._changed:
            left = [turn for turn in self._turns.values() if turn.session == session and not turn.is_claimed]
            for turn in left:
                turn.is_claimed = True
            return left

    def follow(self, turn: TurnInFlight) -> Iterator[Progress]:
        """Yield the turn's progress each time it changes, until it is finished."""
        seen: Progress | None = None
        while seen is None or not seen.is_finished:
            with self._changed:
                self._changed.wait_for(lambda known=seen: turn.progress is not known)  # type: ignore[misc]
                seen = turn.progress
            yield seen

    def _update(self, turn: TurnInFlight, **changes: object) -> None:
        turn.progress = replace(turn.progress, **changes)  # type: ignore[arg-type]
        self._changed.notify_all()

    def _renumber(self) -> None:
        """Tell each waiting turn how many are before it."""
        for place, turn in enumerate(self._turns.values()):
            ahead = 0 if turn.is_claimed else place
            if turn.progress.ahead != ahead:
                self._update(turn, ahead=ahead)
        self._on_change(len(self._turns))
