"""A tokenizer of 259 ids: each byte is one, and three tokens have a name."""

import re
from pathlib import Path

NAMES = {"[PAD]": 256, "[SEG]": 257, "<|endoftext|>": 258}
VOCABULARY_SIZE = 256 + len(NAMES)


class ByteTokenizer:
    """Keeps the Protocol `training.joint.conversation.Tokenizer`."""

    def encode_template(self, text: str) -> list[int]:
        """Return the ids; the named tokens stand for themselves."""
        ids: list[int] = []
        for piece in re.split("(" + "|".join(map(re.escape, NAMES)) + ")", text):
            ids.extend([NAMES[piece]] if piece in NAMES else piece.encode())
        return ids

    def encode_plain(self, text: str) -> list[int]:
        """Return the ids of the bytes."""
        return list(text.encode())

    def save(self, folder: Path) -> None:
        """Nothing but the class is needed to make another."""
