"""Stages have a sentence, and where they have parts it says which."""

from assistant.events import Stage
from assistant.stages import to_stage


def test_a_stage_in_one_piece() -> None:
    assert to_stage("encode") == Stage("encode", "Looking at the image")


def test_a_stage_in_parts() -> None:
    assert to_stage("closer 3/16") == Stage("closer", "Looking closer: part 3 of 16", (3, 16))


def test_an_engine_may_have_stages_that_nobody_foresaw() -> None:
    assert to_stage("dream").sentence == "Working on it"
