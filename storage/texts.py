"""Text as it is stored and as it is searched."""

import unicodedata


def to_storable(text: str) -> str:
    """Return `text` with what no database takes replaced: lone surrogates and NUL, which browsers can send."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "�")


def fold_for_search(text: str) -> str:
    """Return `text` so that upper and lower case, and the ways to write one accent, are the same; in any script."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
