"""The way to the engine: a turn that needs it waits in line and tells its place, then keeps its slot to the end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from assistant.events import Stage, Waiting
from assistant.interfaces import Engine
from assistant.stages import to_stage
from assistant.waiting_line import WaitingLine
from serving.cancellation import Cancellation
from serving.clicks import Box, Click
from serving.image_ref import ImageRef
from serving.mask import Mask
from serving.prediction import Prediction

Report = Callable[[Stage | Waiting], None]


class EngineDoor:
    """Lets turns to the engine, each when its time has come.

    Args:
        engine: answers questions and clicks.
        line: where they wait.
    """

    def __init__(self, engine: Engine, line: WaitingLine) -> None:
        self._engine = engine
        self._line = line

    @contextmanager
    def visit(self, owner: str, cancellation: Cancellation, report: Report) -> Iterator["EngineVisit"]:
        """Yield what asks the engine for one turn, inside the `with`.

        Args:
            owner: who asks.
            cancellation: stops waiting and asking.
            report: takes the place in line and the stages as they come.
        """
        with ExitStack() as place:
            yield EngineVisit(self._engine, self._line, place, owner, cancellation, report)


class EngineVisit:
    """The engine as one turn sees it. The first call waits in line; a turn that asks for nothing does not wait.

    Raises (from any call):
        TooManyTurnsError: this person has too many turns in line.
        LineFullError: everybody together has.
        SegmentationCancelledError: somebody pressed Stop.
        ServingError: as the engine.
    """

    def __init__(
        self,
        engine: Engine,
        line: WaitingLine,
        place: ExitStack,
        owner: str,
        cancellation: Cancellation,
        report: Report,
    ) -> None:
        self._engine = engine
        self._line = line
        self._place = place
        self._owner = owner
        self._cancellation = cancellation
        self._report = report
        self._is_inside = False

    def segment(self, image: ImageRef, question: str) -> Prediction:
        """Return the mask that answers `question`."""
        self._come_in()
        return self._engine.segment(image, question, cancellation=self._cancellation, report_stage=self._report_stage)

    def refine(self, image: ImageRef, prior: Mask | None, *, clicks: Sequence[Click], box: Box | None) -> Prediction:
        """Return `prior`, changed where clicks and a box point."""
        self._come_in()
        return self._engine.refine(
            image, prior, clicks=clicks, box=box, cancellation=self._cancellation, report_stage=self._report_stage
        )

    def _come_in(self) -> None:
        if self._is_inside:
            return
        self._place.enter_context(
            self._line.place(self._owner, self._cancellation, lambda ahead: self._report(Waiting(ahead)))
        )
        self._is_inside = True

    def _report_stage(self, name: str) -> None:
        self._report(to_stage(name))
