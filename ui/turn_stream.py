"""A turn as a program follows it: its place in line and its stages as they come, and at last what came of it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from anyio import CapacityLimiter, to_thread

from assistant.interfaces import History
from ui.answer_json import describe_answer, describe_progress
from ui.turn_desk import Sent, TurnDesk
from ui.turns_in_flight import TurnInFlight

Answer = dict[str, Any]


async def stream_turn(
    desk: TurnDesk, history: History, owner: str, send: Callable[[], Sent]
) -> AsyncGenerator[Answer, None]:
    """Send something, work on the turn, and yield how far it is and, last, what came of it, as data for JSON.

    Whoever gives up (the generator is closed, or its task cancelled) stops the turn: nobody else asked for it.

    Args:
        desk: takes it in.
        history: where the answer to an image alone is.
        owner: who sends.
        send: hands it to the desk, in another thread.
    """
    # In a thread of its own: it may wait for long, and must not take those away from which others are answered.
    sending = asyncio.ensure_future(to_thread.run_sync(send, limiter=CapacityLimiter(1)))
    try:
        sent = await asyncio.shield(sending)
    except asyncio.CancelledError:
        sending.add_done_callback(lambda done: desk.stop(owner, done.result().turn_id))
        raise
    turn = desk.in_flight.get(owner, sent.turn_id)
    if turn is not None:
        async with aclosing(_work(desk, owner, turn)) as steps:
            async for step in steps:
                yield step
    elif sent.refusal is None:
        yield describe_answer((await to_thread.run_sync(history.list_messages, owner, sent.conversation_id))[-1])
    else:
        yield {"status": "refused", "text": sent.refusal}


async def _work(desk: TurnDesk, owner: str, turn: TurnInFlight) -> AsyncGenerator[Answer, None]:
    working = asyncio.ensure_future(to_thread.run_sync(desk.work, owner, turn.id, limiter=CapacityLimiter(1)))
    told: Answer | None = None
    try:
        async with aclosing(desk.in_flight.follow(turn)) as steps:
            async for progress in steps:
                described = describe_progress(progress)
                if described is not None and described != told:
                    told = described
                    yield described
        answer = await working
    finally:
        desk.stop(owner, turn.id)  # finds nothing to stop where it is over
    if answer is not None:
        yield describe_answer(answer)
    elif turn.progress.notice is not None:
        place = turn.progress.conversation_id
        yield {"status": "complete", "text": turn.progress.notice, "conversation_id": place}
    else:
        yield {"status": "refused", "text": turn.progress.refusal}
