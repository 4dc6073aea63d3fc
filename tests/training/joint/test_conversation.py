"""The conversation is the released one, id by id, and only the reply is learned."""

import re
from pathlib import Path

import numpy as np
import pytest

from serving.language.sequence import IGNORED_LABEL
from serving.model.config import RELEASED
from tests.fakes.tokenizer import ByteTokenizer
from tests.golden.mini import GOLDEN_FOLDER
from training.joint.conversation import Conversation

TOKENS = RELEASED.compressor.token_count
SEG, END = 50296, 50256
QUESTION, ANSWER = [818, 262, 2939], [1212, 318]


class GoldenTokenizer:
    """Knows the pieces of the released conversation, with the ids that the reference gave them."""

    def __init__(self, placeholder_ids: list[int]) -> None:
        pieces = re.split("<image>|<refer>|<seg>|<answer>", self._text())
        runs: list[list[int]] = [[]]
        for token in placeholder_ids:
            if token < 0:
                runs.append([])
            else:
                runs[-1].append(token)
        self._ids = dict(zip(pieces, runs, strict=True))
        end = RELEASED.instruction.instruction_end
        whole = end + RELEASED.instruction.reply.partition("<seg>")[0]
        self._ids[end] = self._ids[whole][:3]
        self._ids[whole.removeprefix(end)] = self._ids[whole][3:]
        self._ids["[SEG]"] = [SEG]

    @staticmethod
    def _text() -> str:
        words = RELEASED.instruction
        return f"{words.before_image}<image>{words.after_image}<refer>{words.instruction_end}{words.reply}"

    def encode_template(self, text: str) -> list[int]:
        return self._ids[text]

    def encode_plain(self, text: str) -> list[int]:
        return {" question": QUESTION, "answer": ANSWER}[text]

    def save(self, folder: Path) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def golden() -> list[int]:
    with np.load(GOLDEN_FOLDER / "mini.npz") as stored:
        ids: list[int] = stored["prompt/reason/input_ids"].tolist()
    return ids


def test_a_conversation_is_the_released_one_with_question_and_answer_in_place(golden: list[int]) -> None:
    sequence = Conversation(GoldenTokenizer(golden), RELEASED.instruction, TOKENS).build("question", "answer")

    assert (sequence.image_span.start, sequence.image_span.stop) == (56, 120)
    assert sequence.question_span.start == 135
    assert sequence.question_ids == (*QUESTION, SEG)
    # After the question: " [/INST] Sure, It is . \n", the answer with its own SEG token, ". " and the end of text.
    reply = sequence.ids[sequence.question_span.stop :]
    assert reply == (46581, 38604, 60, 10889, 11, 632, 318, 220, 13, 220, 198, *ANSWER, SEG, 13, 220, END)


def test_only_the_reply_is_learned(golden: list[int]) -> None:
    sequence = Conversation(GoldenTokenizer(golden), RELEASED.instruction, TOKENS).build("question", "answer")

    learned = [label for label in sequence.labels if label != IGNORED_LABEL]
    assert learned == [10889, 11, 632, 318, 220, 13, 220, 198, *ANSWER, SEG, 13, 220, END]
    assert sequence.labels[-len(learned) :] == tuple(learned)


def test_nothing_is_learned_where_the_answer_is_not_known(golden: list[int]) -> None:
    sequence = Conversation(GoldenTokenizer(golden), RELEASED.instruction, TOKENS).build("question", None)

    assert set(sequence.labels) == {IGNORED_LABEL}


def test_special_tokens_in_a_question_stay_words() -> None:
    conversation = Conversation(ByteTokenizer(), RELEASED.instruction, 4)

    sequence = conversation.build("Where is [SEG] <image>?", "There.")

    assert sequence.question_ids[:-1] == tuple(b" Where is [SEG] <image>?")
    assert sequence.image_span.stop - sequence.image_span.start == 4
