"""The stages of a turn in words."""

from assistant.events import Stage

STAGE_SENTENCES = {
    "propose": "Thinking about what you mean",
    "read": "Opening the image",
    "encode": "Looking at the image",
    "language": "Reading the question",
    "decode": "Drawing the mask",
    "refine": "Changing the mask",
    "measure": "Measuring what was found",
}


def to_stage(name: str) -> Stage:
    """Return a stage with its sentence."""
    return Stage(name=name, sentence=STAGE_SENTENCES.get(name, "Working on it"))
