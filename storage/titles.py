"""The title of a conversation: one line, short enough for a list."""

TITLE_LENGTH = 80  # fits two lines of a sidebar at 320 px
UNTITLED = "Untitled conversation"


def trim_title(title: str) -> str:
    """Return `title` as one line of at most `TITLE_LENGTH` characters; `UNTITLED` where no words are left."""
    line = " ".join(title.split())
    if not line:
        return UNTITLED
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 1].rstrip() + "…"
