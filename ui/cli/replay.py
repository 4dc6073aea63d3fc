"""`segearth replay`: make every mask of a stored conversation again, and see that it comes out the same."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from assistant.interfaces import Engine
from assistant.making_json import to_tree
from assistant.replaying import Replayed, replay_masks
from serving.model_choice import ModelChoice
from ui.cli.archive import Archive
from ui.cli.model_options import (
    BackendOption,
    DataParallelOption,
    ModelOption,
    PrecisionOption,
    QuantisationOption,
    TensorParallelOption,
)
from ui.cli.reporting import print_json, speak_errors

EXIT_DIFFERENT = 1


def add_replay_command(
    app: typer.Typer,
    *,
    default_model: ModelChoice,
    open_engine: Callable[[ModelChoice], AbstractContextManager[Engine]],
    open_archive: Callable[[], AbstractContextManager[Archive]],
) -> None:
    """Give `app` the command.

    Args:
        app: where the command is added.
        default_model: what answers unless told otherwise.
        open_engine: loads a model; left when the command ends.
        open_archive: opens the stored conversations; likewise.
    """

    @app.command()
    def replay(
        conversation: Annotated[
            str, typer.Argument(help="Id of the conversation; the page has it in its address.", show_default=False)
        ],
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout for each mask.")] = False,
        model: ModelOption = None,
        dtype: PrecisionOption = None,
        quantize: QuantisationOption = None,
        backend: BackendOption = None,
        tensor_parallel: TensorParallelOption = None,
        data_parallel: DataParallelOption = None,
    ) -> None:
        """Make every mask of a conversation again and compare it with the stored one, pixel by pixel.

        Exit code 0 says that all are equal, 1 that one is not or cannot be made again, 2 that it was not tried.
        """
        with speak_errors(as_json=as_json), open_archive() as archive:
            owner = archive.find_owner(conversation)
            tree = archive.history.load_tree(owner, conversation)
            with open_engine(
                default_model.changed(model, dtype, quantize, backend).spread(tensor_parallel, data_parallel)
            ) as engine:
                replayed = []
                for one in replay_masks(engine, archive.history, owner, tree):
                    replayed.append(one)
                    print_json(to_row(one)) if as_json else typer.echo(f"{one.message.id[:8]}  {describe(one)}")
            if not as_json:
                typer.echo(summarise(replayed))
        if not all(one.is_equal for one in replayed):
            raise typer.Exit(EXIT_DIFFERENT)


def to_row(replayed: Replayed) -> dict[str, object]:
    """Return what --json prints for one mask."""
    message = replayed.message
    return {
        "message_id": message.id,
        "question": message.question,
        "making": None if message.making is None else to_tree(message.making),
        "mask_parents": list(message.mask_parents),
        "is_equal": replayed.is_equal,
        "differing_px": replayed.differing_px,
        "is_same_model": replayed.is_same_model,
        "model_digest": message.model_digest,
        "text": describe(replayed),
    }


def describe(replayed: Replayed) -> str:
    """Return how one mask came out, as a sentence."""
    if replayed.differing_px is None:
        return "cannot be made again: it was stored without how it was made."
    other = "" if replayed.is_same_model else " Another model answered then, so it need not be the same."
    if replayed.is_equal:
        return f"equal.{other}"
    pixels = "1 pixel differs" if replayed.differing_px == 1 else f"{replayed.differing_px:,} pixels differ"
    return f"{pixels}.{other}"


def summarise(replayed: Sequence[Replayed]) -> str:
    """Return what came of all masks, as a sentence."""
    equal = sum(one.is_equal for one in replayed)
    return f"{equal} of {len(replayed)} masks are equal to the stored ones, bit for bit."
