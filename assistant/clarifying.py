"""Ask back: order what may have been meant, offer the best as choices, and find the choice that is taken."""

import math
import re
from collections.abc import Callable, Generator, Sequence

import structlog
from structlog.typing import FilteringBoundLogger

from assistant.conversation import Message, NewMessage, Role
from assistant.errors import ChoiceNotOfferedError
from assistant.events import ChoicesOffered, Event, Stage, TextDelta
from assistant.intents import Choice, Clarify, Segment
from assistant.interfaces import Proposer
from assistant.mask_answers import Note
from assistant.staged_work import run_staged
from assistant.stages import to_stage
from serving.cancellation import Cancellation
from serving.errors import LanguageInputError, LanguageUnavailableError
from serving.image_ref import ImageRef

MOST_CHOICES = 4  # the new question among them: more are read longer than it takes to say it again

_NUMBERED = re.compile(r"(?:number |no\.? )?(\d{1,2})\.?")


class Clarifications:
    """Asks back; keeps nothing between questions.

    Args:
        proposer: guesses what was meant.
    """

    def __init__(self, proposer: Proposer) -> None:
        self._proposer = proposer
        self._log: FilteringBoundLogger = structlog.get_logger("assistant.clarifying")

    def answer(
        self, clarify: Clarify, said: str, image: ImageRef, note: Note, cancellation: Cancellation
    ) -> Generator[Event, None, NewMessage]:
        """Yield the question back and its choices; return it, ready to be stored. The image is not looked at.

        Args:
            clarify: what to ask, with every choice there is.
            said: the words in question.
            image: that the conversation is about.
            note: takes the answer before anything of it is shown.
            cancellation: to stop it.
        """
        choices: tuple[Choice, ...] = ()
        if clarify.choices:
            yield to_stage("propose")

            def work(report: Callable[[Stage], None]) -> tuple[Choice, ...]:
                return self.choose(clarify, said, cancellation)

            choices = yield from run_staged(work, cancellation)
        answer = NewMessage(role=Role.ASSISTANT, text=clarify.sentence, image=image, choices=choices)
        note(answer)
        yield TextDelta(clarify.sentence)
        if choices:
            yield ChoicesOffered(choices)
        return answer

    def choose(self, clarify: Clarify, said: str, cancellation: Cancellation) -> tuple[Choice, ...]:
        """Return the likeliest choices, the new question last.

        Those with a cue come first, in the order of the rules, then the others in the proposer's.
        """
        ordered = order_proposals(clarify, said, self._rate, cancellation)
        questions = [choice for choice in clarify.choices if isinstance(choice.intent, Segment)]
        return (*ordered[: MOST_CHOICES - len(questions)], *questions)

    def _rate(self, said: str, phrases: Sequence[str], *, cancellation: Cancellation) -> Sequence[float]:
        try:
            return self._proposer.rate_meanings(said, phrases, cancellation=cancellation)
        except (LanguageUnavailableError, LanguageInputError) as error:
            self._log.info("proposals_not_rated", reason=type(error).__name__)
            return [0.0] * len(phrases)


def order_proposals(
    clarify: Clarify, said: str, rate: Callable[..., Sequence[float]], cancellation: Cancellation
) -> tuple[Choice, ...]:
    """Return the choices that are no new question: those with a cue first, the others by their rating.

    Args:
        clarify: with every choice.
        said: the words in question.
        rate: as `Proposer.rate_meanings`.
        cancellation: passed to it.
    """
    proposals = [choice for choice in clarify.choices if not isinstance(choice.intent, Segment)]
    ratings = rate(said, [choice.text for choice in proposals], cancellation=cancellation)
    # Measured: among phrases that have a cue the order of the rules is right more often than the model's.
    ranks = [-ratings[place] if place >= clarify.cued else -math.inf for place in range(len(proposals))]
    places = sorted(range(len(proposals)), key=lambda place: ranks[place])
    return tuple(proposals[place] for place in places)


def take_choice(message: Message, number: int) -> Choice:
    """Return the choice of that number, from 1, that a question back offers.

    Raises:
        ChoiceNotOfferedError: it offers none such.
    """
    if not 1 <= number <= len(message.choices) or message.role is not Role.ASSISTANT:
        raise ChoiceNotOfferedError(count=len(message.choices))
    return message.choices[number - 1]


def find_said_choice(message: Message, said: str) -> Choice | None:
    """Return the choice that somebody says instead of clicking on it: by its words or its number; None for others."""
    if message.role is not Role.ASSISTANT:
        return None
    words = said.strip().strip('.!"“”').casefold()
    numbered = _NUMBERED.fullmatch(words)
    if numbered is not None and 1 <= int(numbered[1]) <= len(message.choices):
        return message.choices[int(numbered[1]) - 1]
    return next((choice for choice in message.choices if choice.text.casefold() == words), None)
