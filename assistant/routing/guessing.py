"""What to do with text that no rule understands: a new question, small talk, or a question back with choices."""

import re
from collections.abc import Callable, Mapping

from assistant.answering import quote
from assistant.intents import Ask, Choice, Clarify, Command, CommandKind, Intent, Refine, Segment, Topic
from assistant.routing.candidates import UNDO, Candidate, list_candidates, split_clauses
from assistant.routing.doubt import begins_with_looking, is_doubtful, is_question_to_image
from assistant.routing.purposes import Purpose, read_purposes, refers_to_marks
from assistant.routing.replies import (
    ABOUT_ME,
    CORRECT_IT,
    NAME_SOMETHING,
    NO_REASONS,
    NOT_MEASURED,
    ONE_AT_A_TIME,
    USE_THE_BUTTONS,
    WHAT_I_DO,
)
from assistant.routing.sentences import normalise_sentence
from assistant.routing.small_talk import (
    asks_about_assistant,
    asks_for_button,
    asks_for_description,
    asks_for_several_answers,
    asks_why,
    is_chatter,
    says_it_is_wrong,
)

# How likely a purpose must be to be acted upon: to tell something, to ask back, to tell what nobody put as a question
# or without a way to the image, where words speak for a choice, and where the rules read a question to the image.
CLEAR = 0.45
CLEAR_WISH = 0.6
SURE = 0.8
CLEAR_AGAINST_CUES = 0.9
CLEAR_AGAINST_RULES = 0.97
CLEAR_BEFORE_MARKS = 0.85
# So unlikely that a message asks for something new, no mask is made of it, whatever else it is.
UNLIKELY = 0.1
UNLIKELY_BEFORE_MARKS = 0.03

# "Mark red once more" asks for something, whatever else is unclear.
_MARKING = re.compile(
    r"(?:(?:please|now|and|ok) )*(?:mark|find|segment|highlight|outline|locate|detect) (?!it\b|them\b)"
)

_SENTENCES = {
    Purpose.CHAT: WHAT_I_DO,
    Purpose.ABOUT: ABOUT_ME,
    Purpose.DESCRIBE: NAME_SOMETHING,
    Purpose.BUTTON: USE_THE_BUTTONS,
    Purpose.UNMEASURED: NOT_MEASURED,
}
_TALK = (Purpose.CHAT, Purpose.ABOUT, Purpose.DESCRIBE, Purpose.BUTTON)
_TOPICS = {Purpose(topic.value): topic for topic in Topic}
_MOVES = {
    Purpose.UNDO: UNDO,
    Purpose.REDO: "redo",
    Purpose.RESET: "start over",
    Purpose.FIRST: "go back to the first",
}


def answer_in_words(text: str) -> Clarify | None:
    """Return the sentence for text that asks for no mask, or None."""
    if is_chatter(text):
        return Clarify(WHAT_I_DO)
    if asks_about_assistant(text):
        return Clarify(ABOUT_ME)
    if asks_for_description(text):
        return Clarify(NAME_SOMETHING)
    if asks_for_button(text):
        return Clarify(USE_THE_BUTTONS)
    if asks_for_several_answers(text):
        return Clarify(ONE_AT_A_TIME)
    return Clarify(NO_REASONS) if asks_why(text) else None


def answer_first(text: str) -> Clarify | None:
    """Return the sentence for text that asks for no mask, said before anything is marked, or None."""
    said = answer_in_words(text)
    if said is not None or is_question_to_image(text):
        return said
    chances = read_purposes(text)
    talk = {purpose: chances.get(purpose, 0.0) for purpose in _TALK}
    if sum(talk.values()) < CLEAR_BEFORE_MARKS or chances[Purpose.NEW] > UNLIKELY_BEFORE_MARKS:
        return None
    return Clarify(_SENTENCES[max(talk, key=talk.__getitem__)])


def guess(text: str, understand: Callable[[str], Intent | None], *, asked: str) -> Segment | Ask | Clarify:
    """Return what to do with `text`.

    Args:
        text: not understood by any rule, while a mask is there.
        understand: reads a phrase by the rules.
        asked: what the image had been asked when the marks were made.

    Returns:
        a new question, or one about the marks; or a question back: with every choice, those with a cue first, the new
        question last.
    """
    said = answer_in_words(text)
    if said is not None:
        return said
    chances = read_purposes(text)
    is_read = is_question_to_image(text)
    purpose = _find_clear_purpose(chances, text, asked, is_read=is_read)
    undo, as_question = Choice(UNDO, Command(CommandKind.UNDO)), Choice(text, Segment(question=text))
    if says_it_is_wrong(text):
        return Clarify(CORRECT_IT, (undo,))
    if purpose is Purpose.WRONG:
        return Clarify(CORRECT_IT, (undo, as_question))
    if purpose in _SENTENCES:
        return Clarify(_SENTENCES[purpose], () if chances[purpose] >= SURE and purpose in _TALK else (as_question,))
    if purpose in _TOPICS:
        return Ask(_TOPICS[purpose], text)
    if purpose is None:
        is_nothing_new = (
            chances[Purpose.NEW] <= UNLIKELY
            and not is_read
            and _MARKING.match(normalise_sentence(text)) is None
            and refers_to_marks(text, asked)
        )
        is_about_marks = is_nothing_new or is_doubtful(text)
    else:
        is_about_marks = purpose is not Purpose.NEW
    return _ask_back(text, understand, purpose) if is_about_marks else Segment(question=text)


def _find_clear_purpose(chances: Mapping[Purpose, float], text: str, asked: str, *, is_read: bool) -> Purpose | None:
    """Return what a message is for where that is likely enough, or None."""
    purpose, chance = next(iter(chances.items()))
    if is_read:
        # "What share of the scene is water" asks for the water.
        is_told = purpose in _TOPICS or purpose is Purpose.REFINE
        return purpose if chance >= CLEAR_AGAINST_RULES and not is_told else None
    is_asked_back = purpose in _MOVES or purpose is Purpose.REFINE
    if not is_asked_back and is_doubtful(text) and list_candidates(text)[0].has_cue:
        return purpose if chance >= CLEAR_AGAINST_CUES else None
    if purpose in _TOPICS:
        is_asked = text.rstrip().endswith("?") or begins_with_looking(text)
        return purpose if chance >= (CLEAR if is_asked else SURE) and refers_to_marks(text, asked) else None
    if purpose in _SENTENCES or purpose is Purpose.NEW:
        return purpose if chance >= CLEAR else None
    return purpose if chance >= (CLEAR_AGAINST_RULES if begins_with_looking(text) else CLEAR_WISH) else None


def _ask_back(text: str, understand: Callable[[str], Intent | None], purpose: Purpose | None) -> Clarify:
    choices: list[Choice] = []
    cued = 0
    meant = () if purpose not in _MOVES else (Candidate(_MOVES[purpose], has_cue=True),)
    said = (Candidate(clause, has_cue=True) for clause in split_clauses(text))
    for candidate in (*meant, *said, *list_candidates(text)):
        intent = understand(candidate.phrase)
        if isinstance(intent, Ask | Refine | Command) and all(candidate.phrase != choice.text for choice in choices):
            choices.append(Choice(candidate.phrase, intent))
            cued += candidate.has_cue
    choices.append(Choice(text, Segment(question=text)))
    return Clarify(f"I am not sure what you mean by {quote(text)}. Did you mean one of these?", tuple(choices), cued)
