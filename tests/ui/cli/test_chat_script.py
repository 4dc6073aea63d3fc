"""What a script of turns may say, and what is said of one that cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.intents import Command, CommandKind
from assistant.masks.strokes import Stroke
from assistant.operations import FillHoles
from serving.clicks import Box, Click
from ui.cli.chat_script import ScriptTurn, read_script
from ui.cli.errors import ScriptUnreadableError


@pytest.mark.parametrize(
    ("row", "turn"),
    [
        ({"text": "ships"}, ScriptTurn("ships")),
        (
            {"positive": [[1, 2.5]], "negative": [[3, 4]]},
            ScriptTurn(clicks=(Click(1.0, 2.5, is_positive=True), Click(3.0, 4.0, is_positive=False))),
        ),
        (
            {"text": "remove that one", "positive": [[1, 2]]},
            ScriptTurn("remove that one", clicks=(Click(1.0, 2.0, is_positive=True),)),
        ),
        ({"box": [1, 2, 3, 4]}, ScriptTurn(box=Box(1.0, 2.0, 3.0, 4.0))),
        (
            {"brush": [{"path": [[1, 2], [3, 4.5]], "radius": 2}, {"path": [[5, 6]], "radius": 1, "erase": True}]},
            ScriptTurn(strokes=(Stroke(((1.0, 2.0), (3.0, 4.5)), 2.0, True), Stroke(((5.0, 6.0),), 1.0, False))),
        ),
        ({"operations": [{"op": "fill_holes"}]}, ScriptTurn(operations=(FillHoles(),))),
        ({"operations": []}, ScriptTurn(operations=())),
        ({"undo": True}, ScriptTurn(command=Command(CommandKind.UNDO))),
        ({"redo": 3}, ScriptTurn(command=Command(CommandKind.REDO, steps=3))),
        ({"reset": True}, ScriptTurn(command=Command(CommandKind.RESET))),
        ({"branch_from": 2}, ScriptTurn(branch_from=2)),
        ({"text": "cars", "edit": "a1"}, ScriptTurn("cars", edit="a1")),
        ({"export": "coco"}, ScriptTurn(exports=("coco",))),
        ({"replay": True}, ScriptTurn(is_replay=True)),
    ],
)
def test_each_key_is_read(row: dict[str, Any], turn: ScriptTurn, tmp_path: Path) -> None:
    assert read_script(json.dumps([row]), tmp_path) == (turn,)


def test_images_are_looked_for_beside_the_script(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    assert read_script('[{"image": "a.png"}]', tmp_path) == (ScriptTurn(image=tmp_path / "a.png"),)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "it is not JSON"),
        ("[]", "a list of turns"),
        ('{"text": "ships"}', "a list of turns"),
        ('[{"text": "ships"}, "ships"]', "turn 2: an object is expected"),
        ('[{"txt": "ships"}]', "“txt” is not known"),
        ('[{"text": 3}]', "“text” is a str"),
        ('[{"undo": "once"}]', "“undo” is a bool or a int"),
        ('[{"image": "gone.png"}]', "there is no image"),
        ('[{"positive": [[1]]}]', "2 numbers are expected"),
        ('[{"positive": [1, 2]}]', "2 numbers are expected"),
        ('[{"box": [5, 5, 5, 9]}]', "turn 1: "),
        ('[{"brush": [{"path": [[1, 2]]}]}]', "a stroke has “path”, “radius”"),
        ('[{"brush": [{"path": [], "radius": 3}]}]', "at least one point"),
        ('[{"brush": [{"path": [[1, 2]], "radius": "wide"}]}]', "1 numbers are expected"),
        ('[{"operations": [{"op": "fly"}]}]', "“fly” is not known"),
        ('[{"export": "shapefile"}]', "“shapefile” is no format"),
        ('[{"text": "ships", "undo": 1}]', "does one thing"),
        ('[{"edit": 1, "undo": 1}]', "needs the new words"),
        ('[{"text": ""}]', "nothing is to be done"),
    ],
)
def test_what_cannot_be_read_is_said(content: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(ScriptUnreadableError) as caught:
        read_script(content, tmp_path)
    assert problem in str(caught.value)
