import threading
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import LineFullError, TooManyTurnsError
from assistant.waiting_line import TurnLimits, WaitingLine
from serving.cancellation import Cancellation
from serving.errors import SegmentationCancelledError

WAIT_S = 10.0
ROOMY = TurnLimits(total=100, per_owner=100)
LIMITS = TurnLimits(total=5, per_owner=2)


class Crowd:
    """Turns in threads of their own, which stand in one line behind a turn that is with the engine."""

    def __init__(self, line: WaitingLine) -> None:
        self.line = line
        self.served: list[int] = []
        self.places: dict[int, int] = {}  # number of the turn -> what it was told last
        self._told = threading.Condition()
        self._threads: list[threading.Thread] = []

    def stand_behind(self, owners: Sequence[str]) -> None:
        """Let one turn of each of `owners` come, in that order, and wait until each knows its final place."""
        for number, owner in enumerate(owners):
            thread = threading.Thread(target=self.wait, args=(number, owner))
            self._threads.append(thread)
            thread.start()
            self.wait_for(lambda count=number + 1: len(self.places) == count)  # type: ignore[misc]
        self.wait_for(lambda: sorted(self.places.values()) == list(range(1, len(owners) + 1)))

    def leave(self) -> None:
        """Wait until all are served."""
        for thread in self._threads:
            thread.join(WAIT_S)

    def wait(self, number: int, owner: str) -> None:
        with self.line.place(owner, Cancellation(), lambda ahead: self._note(number, ahead)):
            self.served.append(number)

    def _note(self, number: int, ahead: int) -> None:
        with self._told:
            self.places[number] = ahead
            self._told.notify_all()

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        with self._told:
            assert self._told.wait_for(is_so, WAIT_S), self.places


def serve_all(owners: Sequence[str]) -> tuple[Sequence[int], dict[int, int]]:
    """Return the numbers of the turns of `owners` as they were served, and the places that they had been told."""
    line = WaitingLine(ROOMY)
    crowd = Crowd(line)
    with line.place("first", Cancellation(), lambda _: None):
        crowd.stand_behind(owners)
        places = dict(crowd.places)
    crowd.leave()
    return crowd.served, places


@settings(max_examples=30, deadline=None)
@given(owners=st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_nobody_is_served_twice_while_another_waits(owners: list[str]) -> None:
    served, _ = serve_all(owners)
    assert sorted(served) == list(range(len(owners)))
    for one in set(owners):
        turns = [position for position, number in enumerate(served) if owners[number] == one]
        for first, second in pairwise(turns):
            between = {owners[number] for number in served[first + 1 : second]}
            still_waiting = {owners[number] for number in served[second:]}
            assert still_waiting - {one} <= between


@settings(max_examples=30, deadline=None)
@given(owners=st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_turns_of_one_person_keep_their_order(owners: list[str]) -> None:
    served, _ = serve_all(owners)
    for one in set(owners):
        own = [number for number in served if owners[number] == one]
        assert own == sorted(own)


@settings(max_examples=30, deadline=None)
@given(owners=st.lists(st.sampled_from("abc"), min_size=1, max_size=8))
def test_place_that_is_told_is_the_place_in_which_a_turn_is_served(owners: list[str]) -> None:
    served, places = serve_all(owners)
    assert [places[number] for number in served] == list(range(1, len(owners) + 1))


def test_newcomer_waits_for_one_turn_of_somebody_with_many() -> None:
    served, _ = serve_all(["ada", "ada", "ada", "ada", "eve"])
    assert served == [0, 4, 1, 2, 3]


def test_free_slot_is_not_waited_for() -> None:
    told: list[int] = []
    with WaitingLine(ROOMY).place("ada", Cancellation(), told.append):
        pass
    assert told == []


def test_as_many_are_served_at_once_as_there_are_slots() -> None:
    line = WaitingLine(ROOMY, slots=2)
    crowd = Crowd(line)
    with line.place("ada", Cancellation(), lambda _: None), line.place("ada", Cancellation(), lambda _: None):
        threading.Thread(target=crowd.wait, args=(0, "eve")).start()
        crowd.wait_for(lambda: crowd.places == {0: 2})
        assert crowd.served == []


def test_line_without_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WaitingLine(ROOMY, slots=0)


def test_stop_ends_the_wait_and_gives_the_place_away() -> None:
    line = WaitingLine(ROOMY)
    cancellation = Cancellation()
    with line.place("ada", Cancellation(), lambda _: None):
        with (
            pytest.raises(SegmentationCancelledError),
            line.place("eve", cancellation, lambda _: cancellation.cancel()),
        ):
            pytest.fail("it was served")
        assert line.length == 0


def test_those_behind_move_up_when_somebody_leaves_the_line() -> None:
    line = WaitingLine(ROOMY)
    cancellation = Cancellation()
    ends: list[bool] = []

    def give_up() -> None:
        with pytest.raises(SegmentationCancelledError), line.place("eve", cancellation, lambda _: has_come.set()):
            pass
        ends.append(True)

    has_come = threading.Event()
    crowd = Crowd(line)
    with line.place("ada", Cancellation(), lambda _: None):
        leaver = threading.Thread(target=give_up)
        leaver.start()
        assert has_come.wait(WAIT_S)
        threading.Thread(target=crowd.wait, args=(0, "bob")).start()
        crowd.wait_for(lambda: crowd.places == {0: 2})
        cancellation.cancel()
        crowd.wait_for(lambda: crowd.places == {0: 1})
        leaver.join(WAIT_S)
    assert ends == [True]


def test_failure_with_the_engine_frees_the_slot() -> None:
    line = WaitingLine(ROOMY)
    told: list[int] = []
    with pytest.raises(LookupError), line.place("ada", Cancellation(), told.append):
        raise LookupError
    with line.place("ada", Cancellation(), told.append):
        pass
    assert told == []


def test_length_is_told_as_it_changes() -> None:
    lengths: list[int] = []
    line = WaitingLine(ROOMY, on_change=lengths.append)
    crowd = Crowd(line)
    with line.place("ada", Cancellation(), lambda _: None):
        crowd.stand_behind(["eve", "eve"])
    crowd.leave()
    assert (max(lengths), lengths[-1]) == (2, 0)


def test_one_person_cannot_take_the_whole_line() -> None:
    line = WaitingLine(TurnLimits(total=5, per_owner=1))
    with line.place("ada", Cancellation(), lambda _: None):
        with (
            pytest.raises(TooManyTurnsError, match="1 question waiting"),
            line.place("ada", Cancellation(), lambda _: None),
        ):
            pytest.fail("it was let in")
        assert line.length == 0
    with line.place("ada", Cancellation(), lambda _: None):
        pass  # once the first is through, there is room again


def test_full_line_is_said_with_its_length() -> None:
    with pytest.raises(LineFullError, match="5 questions waiting"):
        LIMITS.check(total=5, per_owner=0)


@given(total=st.integers(0, 4), per_owner=st.integers(0, 1))
def test_below_the_limits_everybody_may_ask(total: int, per_owner: int) -> None:
    LIMITS.check(total=total, per_owner=per_owner)
