"""Make the answers of turns that compare two images, and of those that go on with a part of a comparison."""

from collections.abc import Generator, Sequence
from dataclasses import replace

import structlog
from structlog.typing import FilteringBoundLogger

from assistant.comparison_answering import NAME_THE_THING, describe_comparison, describe_picked
from assistant.conversation import Message, NewMessage, Role
from assistant.engine_visit import EngineDoor, Report
from assistant.events import Event, Stage, Waiting
from assistant.image_comparing import ImageComparison, compare_images
from assistant.image_pairs import choose_pair, choose_search
from assistant.intents import Compare
from assistant.interfaces import History
from assistant.making import Compared, Picked
from assistant.mask_answers import Note, say, show
from assistant.masks.comparison import Fate
from assistant.measuring import measure_facts
from assistant.planning import Ask
from assistant.staged_work import run_staged
from assistant.stages import to_stage
from serving.cancellation import Cancellation
from serving.image_ref import ImageRef
from serving.prediction import Prediction


class ComparisonAnswers:
    """Compares images of a conversation; keeps nothing between turns.

    Args:
        door: the way to the engine, which finds things in images.
        history: where answers come from, and masks and comparisons go.
    """

    def __init__(self, door: EngineDoor, history: History) -> None:
        self._door = door
        self._history = history
        self._log: FilteringBoundLogger = structlog.get_logger("assistant.comparison_answers")

    def compare(
        self,
        owner: str,
        wish: Compare,
        current: ImageRef,
        messages: Sequence[Message],
        note: Note,
        cancellation: Cancellation,
    ) -> Generator[Event, None, NewMessage]:
        """Yield stages, mask and text of a comparison; return it, ready to be stored.

        Args:
            owner: who asks.
            wish: what is wanted.
            current: the image that the conversation is at.
            messages: of the conversation up to the wish itself.
            note: takes the answer before anything of it is shown.
            cancellation: to stop it.

        Raises:
            ImageNotInConversationError: an image that was meant was never added.
            OneImageTwiceError: both are the same image.
            RegistrationError: the images cannot be laid on each other.
        """
        search = choose_search(self._history, owner, wish.thing, messages[:-1])
        if search is None:
            return (yield from say((NAME_THE_THING,), current, note))
        pair = choose_pair(messages, current, wish, search.comparison)

        def work(report: Report) -> ImageComparison:
            looking_at = pair.numbers[0]

            def tell(told: Stage | Waiting) -> None:
                if isinstance(told, Stage):
                    told = replace(told, sentence=f"{told.sentence} (image {looking_at})")
                report(told)

            with self._door.visit(owner, cancellation, tell) as engine:

                def ask_about(image: ImageRef) -> Ask:
                    def ask(question: str) -> Prediction:
                        nonlocal looking_at
                        looking_at = pair.numbers[0] if image is pair.earlier else pair.numbers[1]
                        return engine.segment(image, question)

                    return ask

                return compare_images(search.plan, pair.earlier, pair.later, ask_about)

        outcome = yield from run_staged(work, cancellation)
        yield to_stage("measure")
        comparison = outcome.comparison
        fate_facts = {fate: measure_facts(comparison.select((fate,))) for fate in Fate}
        mask = comparison.select(wish.fates)
        facts = measure_facts(mask)
        cancellation.raise_if_cancelled()
        sentences = describe_comparison(search, pair, outcome, fate_facts, wish.fates)
        answer = NewMessage(
            role=Role.ASSISTANT,
            text=" ".join(sentences),
            image=pair.later,
            mask_digest=self._history.store_mask(mask) if facts.pixel_count > 0 else None,
            question=messages[-1].text,
            facts=facts,
            score=outcome.score,
            seconds=outcome.seconds,
            model_digest=outcome.after.prediction.model_digest,
            making=Compared(
                search.thing, search.plan.question, search.plan.operations, pair.earlier.digest, wish.fates
            ),
            comparison_digest=self._history.store_comparison(comparison),
            fate_facts=fate_facts,
        )
        note(answer)
        self._log.info(
            "images_compared",
            earlier_digest=pair.earlier.digest,
            later_digest=pair.later.digest,
            basis=str(outcome.basis),
            unknown_share=comparison.unknown_share,
        )
        yield from show(answer, sentences)
        return answer

    def pick(
        self, owner: str, fates: tuple[Fate, ...], compared: Message, words: str, note: Note
    ) -> Generator[Event, None, NewMessage]:
        """Yield mask and text of a part of a comparison as a plain mask; return it, ready to be stored.

        Args:
            owner: who asks.
            fates: which part.
            compared: the answer with the comparison.
            words: the wish.
            note: takes the answer before anything of it is shown.
        """
        yield to_stage("measure")
        mask = self._history.load_comparison(owner, compared.id).select(fates)
        facts = measure_facts(mask)
        sentences = describe_picked(fates, facts)
        answer = NewMessage(
            role=Role.ASSISTANT,
            text=" ".join(sentences),
            image=compared.image,
            mask_digest=self._history.store_mask(mask) if facts.pixel_count > 0 else None,
            question=f"{compared.question}, {words}",
            facts=facts,
            score=compared.score,
            model_digest=compared.model_digest,
            making=Picked(fates),
            mask_parents=(compared.id,),
        )
        note(answer)
        yield from show(answer, sentences)
        return answer
