"""The stages of a turn in words."""

from assistant.events import Stage

STAGE_SENTENCES = {
    "propose": "Thinking about what you mean",
    "read": "Opening the image",
    "encode": "Looking at the image",
    "language": "Reading the question",
    "decode": "Drawing the mask",
    "closer": "Looking closer",
    "refine": "Changing the mask",
    "measure": "Measuring what was found",
}


def to_stage(name: str) -> Stage:
    """Return a stage with its sentence.

    Args:
        name: of the stage; where it has parts, with how far it is behind it ("closer 3/16").
    """
    name, _, progress = name.partition(" ")
    sentence = STAGE_SENTENCES.get(name, "Working on it")
    if not progress:
        return Stage(name, sentence)
    part, count = map(int, progress.split("/"))
    return Stage(name, f"{sentence}: part {part} of {count}", (part, count))
