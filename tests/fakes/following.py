"""Follow a turn from a test, which has no event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from ui.turns_in_flight import Progress, TurnInFlight, TurnsInFlight


def start_following(
    turns: TurnsInFlight, turn: TurnInFlight, *, until: Callable[[Progress], bool] = lambda _: False
) -> "Future[list[Progress]]":
    """Collect a turn's progress in another thread, up to its end or the first for which `until` is true."""

    async def collect() -> list[Progress]:
        seen: list[Progress] = []
        async for progress in turns.follow(turn):
            seen.append(progress)
            if until(progress):
                break
        return seen

    follower = ThreadPoolExecutor(max_workers=1)
    future = follower.submit(lambda: asyncio.run(collect()))
    follower.shutdown(wait=False)
    return future
