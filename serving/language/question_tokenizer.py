"""Question text to the ids that stand in the sequence; the last one is the SEG token."""

from pathlib import Path
from typing import cast

from transformers import AutoTokenizer, CodeGenTokenizer

from serving.errors import CheckpointMismatchError
from serving.language.sequence import PromptSequence, build_sequence
from serving.model.config import InstructionConfig, LanguageConfig

# The reference adds these to Phi-1.5's tokenizer, in this order; a checkpoint's own files usually hold them already.
_PAD_TOKEN = "[PAD]"

# What stands between a question and the model's reply to it.
_REPLY_START = {"llama": "\n<|im_start|>assistant\n", "phi": " [/INST]"}


class QuestionTokenizer:
    """Turns words into ids with the tokenizer in a folder.

    Args:
        folder: the tokenizer's files.
        instruction: the words around the visual tokens and the question.
        family: of the language model, which decides the kind of tokenizer.
    """

    def __init__(self, folder: Path, instruction: InstructionConfig, *, family: str = "llama") -> None:
        if family == "phi":
            # By name, not by config.json: the reference's model type is unknown to transformers.
            self._tokenizer = CodeGenTokenizer.from_pretrained(folder)
            self._tokenizer.add_special_tokens({"pad_token": _PAD_TOKEN})
            self._tokenizer.add_tokens(instruction.seg_token)
        else:
            self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._instruction = instruction
        self.before_image_ids = self._ids(instruction.before_image)
        self.after_image_ids = self._ids(instruction.after_image)
        seg_ids = self._ids(instruction.seg_token)
        if len(seg_ids) != 1:
            raise ValueError(f"{instruction.seg_token!r} is {len(seg_ids)} tokens; the SEG token must be one")
        self._seg_id = seg_ids[0]
        self.reply_start_ids = self._ids(_REPLY_START[family])
        self.end_id = cast(int, self._tokenizer.eos_token_id)

    def tokenize_question(self, question: str) -> list[int]:
        """Return the ids of `question` and the SEG token; special tokens written in the text stay plain text.

        The released SEG token is no special token: written in a question it yields its id, as in the reference.
        """
        text = self._instruction.question_prefix + question
        encoded = self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)
        return [*cast(list[int], encoded.input_ids), self._seg_id]

    def tokenize_words(self, text: str) -> list[int]:
        """Return the ids of plain text; special tokens written in it stay plain text."""
        return cast(list[int], self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)

    def decode_reply(self, ids: list[int]) -> str:
        """Return the text of a reply's ids, without the special tokens in it."""
        return cast(str, self._tokenizer.decode(ids, skip_special_tokens=True))

    def build_sequence(self, question: str, visual_token_count: int) -> PromptSequence:
        """Return the whole prompt of one question."""
        return build_sequence(
            self.before_image_ids,
            self.after_image_ids,
            self.tokenize_question(question),
            visual_token_count=visual_token_count,
        )

    def check_vocabulary(self, config: LanguageConfig) -> None:
        """Make sure that every id has a row in the embedding table.

        Raises:
            CheckpointMismatchError: the tokenizer is another model's.
        """
        size = len(self._tokenizer)
        if size > config.vocabulary_size:
            raise CheckpointMismatchError(
                f"The tokenizer has {size:,} tokens and the model {config.vocabulary_size:,}. "
                "Please use the tokenizer files that belong to these weights."
            )

    def _ids(self, text: str) -> list[int]:
        return cast(list[int], self._tokenizer(text, add_special_tokens=False).input_ids)
