"""How much: of text that is shown, of pictures that are sent, of requests that are held."""

# Longer messages are shown shortened; what is stored stays whole.
SHOWN_TEXT_LENGTH = 2_000
# More pixels than this on a side do not make a chat picture better, but a laptop slower.
PREVIEW_SIDE_PX = 2_048
THUMBNAIL_SIDE_PX = 480
# Pictures taken in with one message.
MAX_IMAGES_PER_MESSAGE = 8
# Pasted text stays text: beyond this Gradio would turn it into a file, and the person would never learn the limit.
PLAIN_TEXT_LENGTH = 10_000_000
# Gradio's own queue holds a few more than our line does, so that ours is the limit that speaks.
QUEUE_RESERVE = 16


def shorten_text(text: str) -> str:
    """Return `text` short enough to show; says how long it was where something is left out."""
    if len(text) <= SHOWN_TEXT_LENGTH:
        return text
    return f"{text[:SHOWN_TEXT_LENGTH].rstrip()}… ({len(text):,} characters)"
