"""Carry out a script of turns: each is run as the page runs it, stored, and told as one object for programs."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.changes import Painting, Pointing, Revision
from assistant.conversation import Message, NewMessage, Role
from assistant.errors import MaskNotFoundError, MessageNotFoundError
from assistant.events import Done, Failed, Moved
from assistant.intent_json import choices_to_rows
from assistant.interfaces import Engine
from assistant.making_json import to_tree
from assistant.masks.comparison import Comparison
from assistant.moves import find_answers
from assistant.operation_json import to_rows
from assistant.replaying import replay_masks
from assistant.turn_request import ChoiceTaken, TurnRequest
from assistant.turns import TurnRunner
from serving.imagery.rendering import load_rendering
from serving.mask import Mask
from storage.exports.bundle import comparison_bundle, mask_bundle
from storage.exports.coco_rle import comparison_coco, mask_coco
from storage.exports.difference import comparison_overlay_png, comparison_png
from storage.exports.geojson import comparison_geojson, mask_geojson
from storage.exports.geopackage import comparison_geopackage, mask_geopackage
from storage.exports.geotiff import comparison_geotiff, mask_geotiff
from storage.exports.png import mask_png, overlay_png
from ui.cli.archive import Archive
from ui.cli.chat_script import Reference, ScriptTurn
from ui.cli.replay import summarise, to_row
from ui.cli.reporting import SPOKEN_ERRORS
from ui.cli.segment import OVERLAY_COLOUR
from ui.program_name import name_program

Row = dict[str, object]

SUFFIXES = {
    "png": "mask.png",
    "overlay": "overlay.png",
    "coco": "mask.json",
    "geotiff": "mask.tif",
    "geojson": "mask.geojson",
    "geopackage": "mask.gpkg",
    "bundle": "answer.zip",
}
COMPARISON_SUFFIXES = {
    "png": "changes.png",
    "overlay": "changes-overlay.png",
    "coco": "changes.json",
    "geotiff": "changes.tif",
    "geojson": "changes.geojson",
    "geopackage": "changes.gpkg",
    "bundle": "changes.zip",
}
OWNER = "terminal"  # of conversations that no page began


class ScriptRunner:
    """Runs the turns of one script in one conversation.

    Args:
        runner: answers.
        engine: the same that the runner asks; makes masks again in a replay.
        archive: where all of it is kept.
        out: folder for masks and exports, made where it is not there; None writes none.
    """

    def __init__(self, runner: TurnRunner, engine: Engine, archive: Archive, out: Path | None) -> None:
        self._runner = runner
        self._engine = engine
        self._archive = archive
        self._out = out
        self._conversation_id: str | None = None
        self._made: dict[int, str] = {}  # number of the turn -> id of the message that it ended with

    def run(self, images: Sequence[Path], turns: Sequence[ScriptTurn]) -> Iterator[Row]:
        """Yield one row for each turn; one that fails has an "error" and leaves the conversation as it was.

        Args:
            images: added before the first turn.
            turns: in order.
        """
        for image in images:
            self._add_image(image)
        for number, turn in enumerate(turns, start=1):
            row: Row = {"turn": number, "conversation_id": self._conversation_id, "error": None}
            try:
                row |= self._run_turn(number, turn)
            except SPOKEN_ERRORS as error:
                row["error"] = str(error)
            row["conversation_id"] = self._conversation_id
            yield row

    def _run_turn(self, number: int, turn: ScriptTurn) -> Row:
        if turn.image is not None:
            self._made[number] = self._add_image(turn.image)
        if turn.exports:
            return self._export(number, turn.exports)
        if turn.is_replay:
            return self._replay()
        request = self._to_request(turn)
        if request is None:
            return self._describe(number, self._go_on_from(number, turn))
        return self._ask(number, request)

    def _ask(self, number: int, request: TurnRequest) -> Row:
        row: Row = {}
        for event in self._runner.run(request):
            match event:
                case Done(message=message):
                    row = self._describe(number, message)
                case Moved(sentence=sentence, message=seen):
                    row = self._describe(number, seen) | {"text": sentence}
                case Failed(sentence=sentence):
                    row = {"error": sentence}
                case _:
                    pass  # stages and text as they come; all of it is in the answer
        return row

    def _to_request(self, turn: ScriptTurn) -> TurnRequest | None:
        """Return what the runner is asked; None where nothing is but an image added or a branch taken."""
        request = TurnRequest(OWNER, self._conversation_id, turn.text, None)
        if turn.command is not None:
            return dataclasses.replace(request, move=turn.command)
        if turn.choose is not None:
            return dataclasses.replace(request, choice=ChoiceTaken(self._find_pointer(), turn.choose))
        if turn.branch_from is not None:
            request = dataclasses.replace(request, branch_from=self._resolve(turn.branch_from))
        if turn.text:
            point = (turn.clicks[0].x, turn.clicks[0].y) if turn.clicks else None
            edit_of = None if turn.edit is None else self._find_question(turn.edit)
            return dataclasses.replace(request, point_xy_px=point, edit_of=edit_of)
        if turn.is_pointing:
            place = self._find_picture(request.branch_from)
            return dataclasses.replace(request, change=Pointing(place, turn.clicks, turn.box))
        if turn.strokes:
            place = self._find_picture(request.branch_from)
            return dataclasses.replace(request, change=Painting(place, turn.strokes))
        if turn.operations is not None:
            answer = self._find_answer(request.branch_from)
            return dataclasses.replace(request, change=Revision(answer.id, turn.operations))
        return None

    def _go_on_from(self, number: int, turn: ScriptTurn) -> Message:
        """Move to the branch where one is named, and return the message that the conversation is at now."""
        message_id = self._made.get(number) if turn.branch_from is None else self._resolve(turn.branch_from)
        if message_id is None or self._conversation_id is None:
            raise MessageNotFoundError
        if turn.branch_from is not None:
            self._archive.history.move_pointer(OWNER, self._conversation_id, message_id)
        return self._archive.history.get_message(OWNER, message_id)

    def _add_image(self, path: Path) -> str:
        image = self._archive.images.admit_image(path, path.name)
        history = self._archive.history
        if self._conversation_id is None:
            self._conversation_id = history.create_conversation(OWNER, image.name).id
        return history.append_message(OWNER, self._conversation_id, NewMessage(Role.USER, "", image=image)).id

    def _resolve(self, reference: Reference) -> str:
        if isinstance(reference, str):
            return reference
        if reference not in self._made:
            raise MessageNotFoundError
        return self._made[reference]

    def _find_question(self, reference: Reference) -> str:
        """Return the id of the question that a turn asked, or that is named by its own id."""
        message = self._archive.history.get_message(OWNER, self._resolve(reference))
        question_id = message.id if message.role is Role.USER else message.parent_id
        if question_id is None:
            raise MessageNotFoundError
        return question_id

    def _find_pointer(self) -> str:
        """Return the id of the message that the conversation is at."""
        messages = (
            [] if self._conversation_id is None else self._archive.history.list_messages(OWNER, self._conversation_id)
        )
        if not messages:
            raise MessageNotFoundError
        return messages[-1].id

    def _find_answer(self, message_id: str | None = None) -> Message:
        """Return the latest answer about an image up to a message, or up to the pointer."""
        answers = find_answers(self._load_path(message_id))
        if not answers:
            raise MaskNotFoundError
        return answers[-1]

    def _find_picture(self, message_id: str | None) -> str:
        """Return the id of what is pointed at: the latest answer about an image, or an image added after it."""
        for message in reversed(self._load_path(message_id)):
            is_bare = message.role is Role.USER and message.image is not None and not message.text
            if is_bare or message.facts is not None:
                return message.id
        raise MaskNotFoundError

    def _load_path(self, message_id: str | None) -> Sequence[Message]:
        if self._conversation_id is None:
            raise MaskNotFoundError
        tree = self._archive.history.load_tree(OWNER, self._conversation_id)
        return tree.path_to(message_id or tree.pointer_id)

    def _describe(self, number: int, message: Message | None) -> Row:
        if message is None:
            return {"message_id": None, "operations": [], "mask": None, "facts": None, "text": ""}
        self._made[number] = message.id
        self._conversation_id = message.conversation_id
        written = None
        if self._out is not None and message.mask_digest is not None:
            mask = self._archive.history.load_mask(OWNER, message.id)
            written = str(self._write(number, "mask.png", mask_png(mask)))
        return {
            "message_id": message.id,
            "parent_id": message.parent_id,
            "operations": to_rows(message.operations),
            "making": None if message.making is None else to_tree(message.making),
            "mask_parents": list(message.mask_parents),
            "mask": written,
            "mask_digest": message.mask_digest,
            "facts": None if message.facts is None else dataclasses.asdict(message.facts),
            "fates": {str(fate): dataclasses.asdict(facts) for fate, facts in message.fate_facts.items()} or None,
            "text": message.text,
            "choices": choices_to_rows(message.choices),
            "score": message.score,
            "seconds": dict(message.seconds),
            "model_digest": message.model_digest,
        }

    def _export(self, number: int, formats: Sequence[str]) -> Row:
        answer = self._find_answer()
        contents = {name: self._encode(name, answer) for name in formats}
        files = {name: str(self._write(number, suffix, content)) for name, (suffix, content) in contents.items()}
        return {"message_id": answer.id, "files": files, "text": f"Written: {', '.join(files.values())}."}

    def _encode(self, name: str, answer: Message) -> tuple[str, bytes]:
        """Return the end of the file's name, and its bytes: of the mask, or of all fates where images were compared."""
        history = self._archive.history
        if answer.comparison_digest is not None:
            comparison = history.load_comparison(OWNER, answer.id)
            return COMPARISON_SUFFIXES[name], _encode_comparison(name, comparison, answer)
        return SUFFIXES[name], _encode_mask(name, history.load_mask(OWNER, answer.id), answer)

    def _replay(self) -> Row:
        if self._conversation_id is None:
            raise MaskNotFoundError
        tree = self._archive.history.load_tree(OWNER, self._conversation_id)
        replayed = list(replay_masks(self._engine, self._archive.history, OWNER, tree))
        sentence = summarise(replayed)
        is_equal = all(one.is_equal for one in replayed)
        return {
            "replayed": [to_row(one) for one in replayed],
            "text": sentence,
            "error": None if is_equal else sentence,
        }

    def _write(self, number: int, name: str, content: bytes) -> Path:
        assert self._out is not None, "the command refuses exports without a folder"
        path = self._out / f"turn-{number:02}-{name}"
        path.write_bytes(content)
        return path


def _load_picture(answer: Message) -> NDArray[np.uint8]:
    assert answer.image is not None, "an answer is about an image"
    return load_rendering(answer.image)


def _encode_comparison(name: str, comparison: Comparison, answer: Message) -> bytes:
    match name:
        case "overlay":
            return comparison_overlay_png(_load_picture(answer), comparison)
        case "coco":
            return comparison_coco(comparison)
        case "geotiff":
            return comparison_geotiff(comparison)
        case "geojson":
            return comparison_geojson(comparison)
        case "geopackage":
            return comparison_geopackage(comparison, answer.created_at)
        case "bundle":
            return comparison_bundle(answer, comparison, _load_picture(answer), program=name_program())
        case _:
            return comparison_png(comparison)


def _encode_mask(name: str, mask: Mask, answer: Message) -> bytes:
    match name:
        case "overlay":
            return overlay_png(_load_picture(answer), mask, OVERLAY_COLOUR)
        case "coco":
            return mask_coco(mask)
        case "geotiff":
            return mask_geotiff(mask)
        case "geojson":
            return mask_geojson(mask)
        case "geopackage":
            return mask_geopackage(mask, answer.created_at)
        case "bundle":
            return mask_bundle(answer, mask, _load_picture(answer), OVERLAY_COLOUR, program=name_program())
        case _:
            return mask_png(mask)
