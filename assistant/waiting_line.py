"""The line in which turns wait for the engine: bounded, and fair between the people who wait."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from assistant.errors import LineFullError, TooManyTurnsError
from serving.cancellation import Cancellation

_LOOK_S = 0.1  # how often somebody who waits looks whether Stop was pressed


@dataclass(frozen=True)
class TurnLimits:
    """How many turns may be with the engine or wait for it.

    Attributes:
        total: of everybody together.
        per_owner: of one person.
    """

    total: int = 32
    per_owner: int = 3

    def check(self, *, total: int, per_owner: int) -> None:
        """Raise when one more turn would be too many.

        Args:
            total: turns there now.
            per_owner: the same person's turns there now.
        """
        if per_owner >= self.per_owner:
            raise TooManyTurnsError(limit=self.per_owner)
        if total >= self.total:
            raise LineFullError(waiting=total)


@dataclass(eq=False)
class _Ticket:
    owner: str


class WaitingLine:
    """Thread-safe; people are served in rotation, the turns of one person in the order in which they came.

    So whoever has ten tabs open waits with nine of them, and whoever comes with one turn waits for at most one more of
    each of the others.

    Args:
        limits: how many turns are let in.
        slots: turns that are with the engine at once.
        on_change: told how many wait, each time that changes.
    """

    def __init__(
        self, limits: TurnLimits, *, slots: int = 1, on_change: Callable[[int], None] = lambda _: None
    ) -> None:
        if slots < 1:
            raise ValueError(f"at least one turn is served at once, got {slots}")
        self._limits = limits
        self._slots = slots
        self._on_change = on_change
        self._changed = threading.Condition()
        self._served: set[_Ticket] = set()
        self._waiting: OrderedDict[str, deque[_Ticket]] = OrderedDict()  # of each person; who comes next stands first

    @contextmanager
    def place(self, owner: str, cancellation: Cancellation, report: Callable[[int], None]) -> Iterator[None]:
        """Wait for a slot, and hold it inside the `with`.

        Args:
            owner: who asks.
            cancellation: ends the wait.
            report: told how many turns are before this one, when it begins to wait and each time that changes; where
                there is nothing to wait for it is not called.

        Raises:
            TooManyTurnsError: this person has too many turns here.
            LineFullError: everybody together has.
            SegmentationCancelledError: `cancellation` was set before the slot was there.
        """
        ticket = self._join(owner)
        try:
            self._await(ticket, cancellation, report)
            yield
        finally:
            self._leave(ticket)

    @property
    def length(self) -> int:
        """Turns that wait now."""
        with self._changed:
            return self._count_waiting()

    def _join(self, owner: str) -> _Ticket:
        with self._changed:
            waiting = self._waiting.get(owner, ())
            own = len(waiting) + sum(ticket.owner == owner for ticket in self._served)
            self._limits.check(total=self._count_waiting() + len(self._served), per_owner=own)
            ticket = _Ticket(owner)
            self._waiting.setdefault(owner, deque()).append(ticket)
            self._move_up()
            return ticket

    def _await(self, ticket: _Ticket, cancellation: Cancellation, report: Callable[[int], None]) -> None:
        told = 0
        while True:
            cancellation.raise_if_cancelled()
            with self._changed:
                ahead = self._count_ahead(ticket)
                if ahead == told > 0:
                    self._changed.wait(_LOOK_S)
                    ahead = self._count_ahead(ticket)
            if ahead == 0:
                return
            if ahead != told:
                told = ahead
                report(ahead)

    def _leave(self, ticket: _Ticket) -> None:
        with self._changed:
            if ticket in self._served:
                self._served.remove(ticket)
            else:
                self._waiting[ticket.owner].remove(ticket)
                if not self._waiting[ticket.owner]:
                    del self._waiting[ticket.owner]
            self._move_up()

    def _move_up(self) -> None:
        """Give free slots to whose turn it is, and tell everybody who waits."""
        while self._waiting and len(self._served) < self._slots:
            owner, tickets = next(iter(self._waiting.items()))
            self._served.add(tickets.popleft())
            if tickets:
                self._waiting.move_to_end(owner)
            else:
                del self._waiting[owner]
        self._changed.notify_all()
        self._on_change(self._count_waiting())

    def _count_ahead(self, ticket: _Ticket) -> int:
        """Return how many turns are with the engine or come before `ticket`, as things stand; 0 once it is served."""
        if ticket in self._served:
            return 0
        rounds = self._waiting[ticket.owner].index(ticket)  # of the rotation, before the one that reaches it
        ahead = len(self._served)
        is_earlier = True  # this person's place in the rotation is still to come
        for owner, tickets in self._waiting.items():
            is_earlier = is_earlier and owner != ticket.owner
            ahead += min(len(tickets), rounds + 1 if is_earlier else rounds)
        return ahead

    def _count_waiting(self) -> int:
        return sum(len(tickets) for tickets in self._waiting.values())
