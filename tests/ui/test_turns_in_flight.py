import threading

import pytest

from assistant.turns import TurnRequest
from ui.errors import TooManyTurnsError, TurnRunningError
from ui.limits import TurnLimits
from ui.turns_in_flight import REMEMBERED, Progress, TurnsInFlight


def build_turns(*, total: int = 10, per_owner: int = 10) -> TurnsInFlight:
    return TurnsInFlight(TurnLimits(total=total, per_owner=per_owner))


def ask(owner: str = "ada", conversation_id: str | None = None) -> TurnRequest:
    return TurnRequest(owner, conversation_id, "Where?", None)


def test_one_thread_alone_gets_a_turn() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    assert [turns.claim("ada", turn.id), turns.claim("ada", turn.id)] == [turn, None]


def test_turns_of_others_can_be_neither_seen_nor_stopped_nor_claimed() -> None:
    turns = build_turns()
    turn = turns.admit(ask("ada", "c1"), session="s")
    assert (turns.get("eve", turn.id), turns.find("eve", "c1"), turns.claim("eve", turn.id)) == (None, None, None)
    assert turns.stop("eve", turn.id) is None
    assert not turn.request.cancellation.is_cancelled


def test_a_conversation_answers_one_question_at_a_time() -> None:
    turns = build_turns()
    turns.admit(ask(conversation_id="c1"), session="s")
    with pytest.raises(TurnRunningError):
        turns.admit(ask(conversation_id="c1"), session="s")


def test_two_new_conversations_do_not_hinder_each_other() -> None:
    turns = build_turns()
    turns.admit(ask(), session="s")
    turns.admit(ask(), session="s")


def test_a_new_conversation_is_busy_once_it_has_a_name() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.report_stored(turn, "c1")
    with pytest.raises(TurnRunningError):
        turns.admit(ask(conversation_id="c1"), session="s")


def test_limit_counts_what_is_in_flight_only() -> None:
    turns = build_turns(per_owner=1)
    turns.finish(turns.admit(ask(), session="s"))
    turns.admit(ask(), session="s")
    with pytest.raises(TooManyTurnsError):
        turns.admit(ask(), session="s")


def test_place_in_line_moves_up() -> None:
    turns = build_turns()
    first, second, third = (turns.admit(ask(owner), session=owner) for owner in ("a", "b", "c"))
    places = [third.progress.ahead]
    turns.finish(first)
    places.append(third.progress.ahead)
    turns.finish(second)
    places.append(third.progress.ahead)
    assert places == [2, 1, 0]


def test_follower_sees_the_stages_and_the_end() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    seen: list[Progress] = []
    follower = threading.Thread(target=lambda: seen.extend(turns.follow(turn)))
    follower.start()
    turns.report_stored(turn, "c1")
    turns.report_stage(turn, "Looking")
    turns.report_text(turn, "Found ")
    turns.report_text(turn, "one.")
    turns.finish(turn)
    follower.join(timeout=10)
    assert (seen[-1].stages, seen[-1].text, seen[-1].is_finished) == (("Looking",), "Found one.", True)


def test_late_follower_still_learns_the_end() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.finish(turn, refusal="Too long.")
    found = turns.get("ada", turn.id)
    assert found is not None
    assert [progress.refusal for progress in turns.follow(found)] == ["Too long."]


def test_stop_reaches_the_work() -> None:
    turns = build_turns()
    turn = turns.admit(ask(), session="s")
    turns.stop("ada", turn.id)
    assert turn.request.cancellation.is_cancelled


def test_closed_page_leaves_only_what_nobody_works_on() -> None:
    turns = build_turns()
    running, waiting, elsewhere = (turns.admit(ask(), session=session) for session in ("s", "s", "t"))
    turns.claim("ada", running.id)
    assert turns.abandon("s") == [waiting]
    assert turns.claim("ada", elsewhere.id) is elsewhere


def test_memory_of_finished_turns_is_bounded() -> None:
    turns = build_turns()
    finished = []
    for _ in range(REMEMBERED + 5):
        finished.append(turns.admit(ask(), session="s"))
        turns.finish(finished[-1])
    assert [turns.get("ada", turn.id) is None for turn in (finished[4], finished[5])] == [True, False]
