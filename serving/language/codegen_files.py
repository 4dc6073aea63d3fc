"""Which files a folder needs for Phi's tokenizer (CodeGen); without torch, so that the doctor can look quickly."""

from pathlib import Path

from serving.errors import CheckpointMissingError

# Any of these sets is a whole tokenizer.
_COMPLETE_SETS = (("tokenizer.json",), ("vocab.json", "merges.txt"))

# Everything that can change an id; what is not there changes nothing.
TOKENIZER_NAMES = (
    "tokenizer.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
)


def list_tokenizer_files(folder: Path) -> list[Path]:
    """Return the tokenizer's files in `folder`.

    Raises:
        CheckpointMissingError: they make no whole tokenizer.
    """
    if not any(all((folder / name).is_file() for name in names) for names in _COMPLETE_SETS):
        raise CheckpointMissingError(
            what=f"no tokenizer in {folder.name or folder}",
            remedy="Put the checkpoint's vocab.json and merges.txt, or its tokenizer.json, beside its weights.",
        )
    return [folder / name for name in TOKENIZER_NAMES if (folder / name).is_file()]
