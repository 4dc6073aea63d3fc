"""Question and answer to the ids of one conversation, with the labels of what the language model learns to say."""

import re
from pathlib import Path
from typing import Protocol, cast

from transformers import AutoTokenizer, CodeGenTokenizer

from serving.language.sequence import (
    ANSWER_PLACEHOLDER,
    IGNORED_LABEL,
    IMAGE_PLACEHOLDER,
    QUESTION_PLACEHOLDER,
    SEG_PLACEHOLDER,
    PromptSequence,
    expand_placeholders,
    label_reply,
)
from serving.model.config import InstructionConfig, SegEarthConfig

_MARKERS = {"<seg>": SEG_PLACEHOLDER, "<answer>": ANSWER_PLACEHOLDER}


class Tokenizer(Protocol):
    """Text to ids, without any token added at either end."""

    def encode_template(self, text: str) -> list[int]:
        """Return the ids of our own words; the names of special tokens in them stand for these."""
        ...

    def encode_plain(self, text: str) -> list[int]:
        """Return the ids of other people's words; nothing in them is special."""
        ...

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files."""
        ...


class SavedTokenizer:
    """The tokenizer in a folder; Phi's gets the padding and SEG tokens that SegEarth-R1 added, where it lacks them."""

    def __init__(self, folder: Path, config: SegEarthConfig) -> None:
        if config.language.family == "phi":
            # By name, not by config.json: the released model's type is unknown to transformers.
            self._tokenizer = CodeGenTokenizer.from_pretrained(folder)
            # In this order: the released checkpoint has [PAD] at 50295 and [SEG] at 50296.
            self._tokenizer.add_special_tokens({"pad_token": "[PAD]"})
            self._tokenizer.add_tokens(config.instruction.seg_token)
        else:
            self._tokenizer = AutoTokenizer.from_pretrained(folder)

    def encode_template(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        return cast(list[int], self._tokenizer(text, add_special_tokens=False).input_ids)

    def encode_plain(self, text: str) -> list[int]:
        """See `Tokenizer`."""
        encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return cast(list[int], encoded.input_ids)

    def save(self, folder: Path) -> None:
        """See `Tokenizer`."""
        self._tokenizer.save_pretrained(folder)


class Conversation:
    """The words of one checkpoint around any question and answer.

    Each piece between markers is tokenized on its own, as in the released training, so that no token spans two.
    """

    def __init__(self, tokenizer: Tokenizer, instruction: InstructionConfig, visual_token_count: int) -> None:
        self.tokenizer = tokenizer
        self._instruction = instruction
        self._visual_token_count = visual_token_count
        seg_ids = tokenizer.encode_template(instruction.seg_token)
        if len(seg_ids) != 1:
            raise ValueError(f"{instruction.seg_token!r} is {len(seg_ids)} tokens; the SEG token must be one")
        self._seg_id = seg_ids[0]
        end_ids = tokenizer.encode_template(instruction.instruction_end) if instruction.instruction_end else []
        self._placeholders = (
            *tokenizer.encode_template(instruction.before_image),
            IMAGE_PLACEHOLDER,
            *tokenizer.encode_template(instruction.after_image),
            QUESTION_PLACEHOLDER,
            *end_ids,
            *self._encode_reply(instruction.reply),
        )
        self._labels: tuple[int, ...] = (IGNORED_LABEL,) * len(self._placeholders)
        if instruction.reply:
            self._labels = label_reply(self._placeholders, instruction_end=end_ids or (QUESTION_PLACEHOLDER,))

    def build(self, question: str, answer: str | None) -> PromptSequence:
        """Return the sequence; without an answer where the reply wants one, nothing of the reply is learned."""
        answer_ids = [] if answer is None else [*self.tokenizer.encode_plain(answer), self._seg_id]
        question_ids = self.tokenizer.encode_plain(self._instruction.question_prefix + question)
        is_learned = answer is not None or "<answer>" not in self._instruction.reply
        return expand_placeholders(
            self._placeholders,
            [*question_ids, self._seg_id],
            answer_ids,
            visual_token_count=self._visual_token_count,
            labels=self._labels if is_learned else (IGNORED_LABEL,) * len(self._labels),
        )

    def _encode_reply(self, reply: str) -> list[int]:
        ids: list[int] = []
        for piece in re.split("(<seg>|<answer>)", reply):
            if piece in _MARKERS:
                ids.append(_MARKERS[piece])
            elif piece:
                ids.extend(self.tokenizer.encode_template(piece))
        return ids
