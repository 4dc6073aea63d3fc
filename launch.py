"""Composition root: settings in, wired app or command out; alone reads the environment.

What lives as long as the process is built here and closed here. PyTorch, transformers and Gradio are imported by the
functions that need them, so that `segearth --help` is quick.
"""

import atexit
import difflib
import functools
import importlib.util
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import platformdirs
import structlog
import typer
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from assistant.interfaces import Engine, History
from assistant.turns import TurnRunner
from assistant.waiting_line import TurnLimits, WaitingLine
from serving.errors import BackendUnavailableError
from serving.imagery.admission import ImageLimits
from serving.language.smollm2_files import FOLDER_NAME as LANGUAGE_FOLDER
from serving.language.smollm2_files import find_converted, find_gguf
from serving.model_choice import Backend, ModelChoice, ModelDescription, Precision, Quantisation
from serving.vllm_choice import INSTALL_ADVICE, VllmChoice, choose_quantisation
from ui.cli.archive import Archive
from ui.cli.chat import add_chat_command
from ui.cli.deferred import add_deferred_command
from ui.cli.doctor import add_doctor_command
from ui.cli.errors import CliError, PortInUseError
from ui.cli.folders import ensure_writable
from ui.cli.model_options import ModelOption, PrecisionOption, QuantisationOption
from ui.cli.prepare import add_prepare_command
from ui.cli.probes import Installation, examine
from ui.cli.reference import add_reference_command
from ui.cli.replay import add_replay_command
from ui.cli.reporting import EXIT_FAILED
from ui.cli.segment import add_segment_command
from ui.cli.serve import add_serve_command
from ui.cli.version import add_version_command
from ui.cookie_secret import ensure_cookie_secret
from ui.examples import read_examples
from ui.interfaces import Images, PageSettings, Turns, UiServices, read_clock
from ui.metrics import PageMetrics
from ui.space import LASTING_DISK, Space, find_space, space_defaults

if TYPE_CHECKING:
    from evaluation.calibration.command import StoreTemperatures
    from serving.engine import SegEarthEngine

APP_NAME = "segearth-chat"
ENV_PREFIX = "SEGEARTH_"
UPLOADS_VARIABLE = "GRADIO_TEMP_DIR"  # Gradio's own name
HERE = Path(__file__).resolve().parent
ORIGIN = r"https?://[A-Za-z0-9.*-]+(:[0-9]+)?"


class SettingsInvalidError(CliError):
    """The environment holds a setting that is unknown or makes no sense."""


def choose_data_dir(home: Path) -> Path:
    """Return `var` beside the code in a checkout, where it is easily found; else the user's data folder."""
    is_checkout = (home / "pyproject.toml").is_file() and os.access(home, os.W_OK)
    return home / "var" if is_checkout else Path(platformdirs.user_data_dir(APP_NAME))


class Settings(BaseSettings):
    """Everything that can be set, as SEGEARTH_<NAME> in the environment.

    Attributes:
        data_dir: history and images; `var` in a checkout, else the user's data folder.
        cache_dir: converted language weights; may be deleted at any time.
        database_url: SQLAlchemy URL of the conversations; empty means SQLite in `data_dir`.
        model: what to answer with: a hub id, a folder or a file of weights; empty means `model_dir`.
        model_dir: folder of the small model, with its config.
        dtype: precision of the weights.
        quantize: of the language backbone's linear layers.
        backend: what runs the language backbone: this process (transformers), or vLLM in one of its own.
        vllm_python: the interpreter that has vLLM; None takes `.venv-vllm` beside the code, or this one.
        vllm_start_timeout_s: seconds after which a start of vLLM has failed.
        vllm_kv_cache_gb: memory for vLLM's keys and values on a CPU.
        vllm_gpu_memory_share: of a GPU's memory for vLLM; the rest is for encoder and mask head.
        vllm_max_sequences: requests that vLLM works on at once.
        vllm_tensor_parallel: GPUs that one copy of the language model is spread over.
        vllm_data_parallel: copies of the language model.
        host: address that the chat listens on.
        port: port that the chat listens on.
        device: where the model runs; "auto" takes CUDA where there is a device.
        threads: CPU threads of the model; None leaves the choice to PyTorch.
        max_image_bytes: largest file that is taken in.
        max_image_pixels: largest height times width that is taken in.
        max_question_length: characters that a question may have.
        max_waiting: turns of everybody that may be with the engine or wait for it at once.
        max_waiting_per_owner: the same for one person.
        turns_at_once: turns that the engine works on at once; None takes what suits it.
        batch_size: images that are encoded, or questions whose masks are decoded, together at most; None takes what
            suits the device.
        max_tiles: in which the small model looks at a large image, at most; 0 for one look whatever the size.
        secure_cookie: send the cookie over HTTPS only; set it behind a proxy that speaks HTTPS.
        frame_ancestors: origins, with spaces between, of other sites that may show the page in a frame; the cookie is
            then sent over HTTPS only.
        log_level: what is logged, on stderr.
        log_json: one JSON object a line instead of text for people.
    """

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True)

    data_dir: Path = Field(default_factory=lambda: choose_data_dir(HERE))
    cache_dir: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir(APP_NAME)))
    database_url: str = ""
    model: str = ""
    model_dir: Path = HERE / "models" / "mini"
    dtype: Precision = "fp32"
    quantize: Quantisation | None = None
    backend: Backend = "transformers"
    vllm_python: Path | None = None
    vllm_start_timeout_s: float = Field(default=300.0, gt=0)
    vllm_kv_cache_gb: float = Field(default=1.0, gt=0)
    vllm_gpu_memory_share: float = Field(default=0.5, gt=0, le=1)
    vllm_max_sequences: int = Field(default=16, ge=1)
    vllm_tensor_parallel: int = Field(default=1, ge=1)
    vllm_data_parallel: int = Field(default=1, ge=1)
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=1, le=65_535)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = Field(default=None, ge=1)
    max_image_bytes: int = Field(default=ImageLimits.max_bytes, ge=1)
    max_image_pixels: int = Field(default=ImageLimits.max_pixels, ge=1)
    max_question_length: int = Field(default=2_000, ge=1)
    max_waiting: int = Field(default=32, ge=1)
    max_waiting_per_owner: int = Field(default=3, ge=1)
    turns_at_once: int | None = Field(default=None, ge=1)
    batch_size: int | None = Field(default=None, ge=1)
    max_tiles: int = Field(default=64, ge=0)
    secure_cookie: bool = False
    frame_ancestors: str = Field(default="", pattern=rf"^({ORIGIN}( {ORIGIN})*)?$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_json: bool = False

    @property
    def model_choice(self) -> ModelChoice:
        """Which model answers."""
        return ModelChoice(
            self.model or self.model_dir,
            self.dtype,
            self.quantize,
            self.backend,
            tensor_parallel=self.vllm_tensor_parallel,
            data_parallel=self.vllm_data_parallel,
        )

    @property
    def image_limits(self) -> ImageLimits:
        """How much image is taken in."""
        return ImageLimits(max_bytes=self.max_image_bytes, max_pixels=self.max_image_pixels)


def load_settings(space: Space | None = None) -> Settings:
    """Return the settings of this process's environment; in a Space, its own where the environment has none.

    Raises:
        SettingsInvalidError: a name that starts with SEGEARTH_ is unknown, or a value makes no sense.
    """
    known = {ENV_PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, n=1)
            advice = f" Did you mean {near[0]}?" if near else " The README lists the settings."
            raise SettingsInvalidError(f"{name} is not a setting.{advice}")
    defaults = {} if space is None else space_defaults(lasting=LASTING_DISK, passing=Path(tempfile.gettempdir()))
    given = {name.upper() for name in os.environ}
    try:
        return Settings(**{name: value for name, value in defaults.items() if ENV_PREFIX + name.upper() not in given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ENV_PREFIX + str(first["loc"][0]).upper()
        raise SettingsInvalidError(f"{name} cannot be {first['input']!r}: {first['msg']}.") from error


def configure_logging(level: str, *, as_json: bool) -> None:
    """Send every log line to stderr, from `level` on."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.dict_tracebacks] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def quieten_transformers() -> None:
    """Keep transformers' advice to developers off stderr, and its bars too where nobody looks at them."""
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers\.")
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # its words on each layer's precision


def load_engine(settings: Settings, choice: ModelChoice | None = None, *, extracts: bool = True) -> "SegEarthEngine":
    """Load a model; the one that the settings name unless another is given.

    Args:
        settings: of this program.
        choice: which model, and how.
        extracts: with vLLM: hand out hidden states; False only to measure what that costs.

    Raises:
        ServingError: the weights are missing or do not fit.
    """
    from serving.loading import load_engine as load

    quieten_transformers()
    chosen = choice or settings.model_choice
    vllm = replace(choose_vllm(settings, chosen), extracts=extracts) if chosen.backend == "vllm" else None
    return load(
        chosen,
        cache_dir=settings.cache_dir,
        device=settings.device,
        threads=settings.threads,
        batch_size=settings.batch_size,
        max_tiles=settings.max_tiles,
        sam_dir=settings.model_dir,
        vllm=vllm,
    )


def choose_vllm(settings: Settings, choice: ModelChoice) -> VllmChoice:
    """Return where vLLM is, what it may take, and over what it spreads the choice.

    Raises:
        BackendUnavailableError: it is nowhere, or does not quantise so.
    """
    beside = HERE / ".venv-vllm" / "bin" / "python"
    python = settings.vllm_python or (beside if beside.is_file() else None)
    if python is None and importlib.util.find_spec("vllm") is None:
        raise BackendUnavailableError(f"vLLM is not installed. {INSTALL_ADVICE}")
    return VllmChoice(
        python=python or Path(sys.executable),
        environment=build_vllm_environment(os.environ),
        report=lambda words: typer.echo(words, err=True),
        start_timeout_s=settings.vllm_start_timeout_s,
        kv_cache_gb=settings.vllm_kv_cache_gb,
        gpu_memory_share=settings.vllm_gpu_memory_share,
        max_sequences=settings.vllm_max_sequences,
        tensor_parallel=choice.tensor_parallel,
        data_parallel=choice.data_parallel,
        quantisation=choose_quantisation(choice.quantisation),
    )


def build_vllm_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what vLLM's process sees of the environment: nothing of this Python's, nothing of our settings."""
    kept = {name: value for name, value in environment.items() if not name.startswith(("PYTHON", ENV_PREFIX))}
    return kept | {"VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1", "VLLM_LOGGING_LEVEL": "WARNING"}


@contextmanager
def open_engine(settings: Settings, choice: ModelChoice) -> Iterator[Engine]:
    """Load a model for as long as the block lasts."""
    with closing(load_engine(settings, choice)) as loaded:
        engine: Engine = loaded  # mypy proves the fit here
        yield engine


@contextmanager
def open_lent_engine(settings: Settings, choice: ModelChoice) -> Iterator[Engine]:
    """Answer on a GPU that is lent for one call at a time; the model is loaded here once, to see that it can be."""
    from ui.zero_gpu import ZeroGpuEngine

    with closing(load_engine(settings.model_copy(update={"device": "cpu"}), choice)) as loaded:
        digest = loaded.model_digest
    engine: Engine = ZeroGpuEngine(lambda: load_engine(settings, choice), model_digest=digest)
    yield engine


def build_cli(settings: Settings, *, space: Space | None = None, whole: bool = False) -> typer.Typer:
    """Return the command line.

    Args:
        settings: as read from the environment.
        space: the Hugging Face Space that this runs in.
        whole: load the commands that are heavy to import as well, for whoever reads the whole command line.
    """
    app = typer.Typer(
        name="segearth",
        help="Ask an aerial or satellite image a question, get the mask.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    add_serve_command(
        app,
        default_host=settings.host,
        default_port=settings.port,
        default_model=settings.model_choice,
        run_server=lambda host, port, choice: run_server(settings, host, port, choice, space),
    )
    add_segment_command(
        app,
        default_model=settings.model_choice,
        open_engine=lambda choice: open_engine(settings, choice),
        limits=settings.image_limits,
    )
    for add_command in (add_chat_command, add_replay_command):
        add_command(
            app,
            default_model=settings.model_choice,
            open_engine=lambda choice: open_engine(settings, choice),
            open_archive=lambda: open_archive(settings),
        )
    add_deferred_command(
        app,
        "evaluate",
        summary="Measure the model on images with known masks.",
        mount=lambda inner: _mount_evaluate(inner, settings),
        now=whole,
    )
    add_deferred_command(
        app,
        "bench",
        summary="Measure how many chats at once each backend of the language model carries.",
        mount=lambda inner: _mount_bench(inner, settings),
        now=whole,
    )
    add_deferred_command(
        app, "parity", summary="Compare the model with recorded outputs.", mount=_mount_parity, now=whole
    )
    add_deferred_command(
        app,
        "train",
        summary="Train or fine-tune a model; resumable.",
        mount=lambda inner: _mount_train(inner, settings),
        now=whole,
    )
    add_prepare_command(app, ensure_language_weights=lambda: ensure_language_weights(settings))
    add_doctor_command(
        app,
        default_model=settings.model_choice,
        examine=lambda choice: examine(describe_installation(settings, choice)),
    )
    add_version_command(app)
    add_reference_command(app, build_whole=lambda: build_cli(settings, whole=True))
    return app


def run_server(settings: Settings, host: str, port: int, choice: ModelChoice, space: Space | None) -> None:
    """Serve the page until it is stopped.

    Raises:
        ServingError: the weights are missing or do not fit.
        FolderUnusableError: the disk is full, or does not let us write.
        PortInUseError: another program took the port while the model was loaded.
    """
    ensure_writable(settings.data_dir, setting=f"{ENV_PREFIX}DATA_DIR")
    from ui.app import build_app, build_launch_arguments

    page_settings = PageSettings(
        cookie_secret=ensure_cookie_secret(settings.data_dir),
        examples=read_examples(),
        max_upload_bytes=settings.max_image_bytes,
        max_waiting=settings.max_waiting,
        secure_cookie=settings.secure_cookie,
        frame_ancestors=tuple(settings.frame_ancestors.split()),
    )
    typer.echo("Loading the model ...")
    if choice.model == settings.model_dir:
        ensure_language_weights(settings)
    is_lent = space is not None and space.lends_gpu
    open_chosen = open_lent_engine if is_lent else open_engine
    slots = settings.turns_at_once or (1 if is_lent else choose_turns_at_once(settings, choice))
    with (
        open_chosen(settings, choice) as engine,
        open_services(settings, engine, slots=slots) as services,
        private_uploads(),
    ):
        page = build_app(services, page_settings)
        try:
            _, url, _ = page.launch(
                server_name=host,
                server_port=port,
                quiet=True,
                prevent_thread_lock=True,
                **build_launch_arguments(services, page_settings),
            )
        except OSError as error:  # Gradio's word for a port that is taken
            raise PortInUseError(host=host, port=port) from error
        typer.echo(f"Open {url} in a browser. Ctrl+C stops.")
        page.block_thread()


@contextmanager
def private_uploads() -> Iterator[None]:
    """Let Gradio keep uploads in a folder of this process alone, unless the environment names one.

    Gradio names an upload after its content, and a page that ends deletes what it took in. Two programs with one folder
    would take the same image from under each other.
    """
    if os.environ.get(UPLOADS_VARIABLE):
        yield
        return
    with tempfile.TemporaryDirectory(prefix=f"{APP_NAME}-uploads-", ignore_cleanup_errors=True) as folder:
        os.environ[UPLOADS_VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[UPLOADS_VARIABLE]


@contextmanager
def open_services(settings: Settings, engine: Engine, *, slots: int = 1) -> Iterator[UiServices]:
    """Open what the page works with, and close it after the block; `slots` turns are with the engine at once."""
    with open_archive(settings) as archive:
        metrics = PageMetrics()
        line = WaitingLine(
            TurnLimits(total=settings.max_waiting, per_owner=settings.max_waiting_per_owner),
            slots=slots,
            on_change=metrics.waiting.set,
        )
        turns: Turns = TurnRunner(
            engine, archive.history, read_clock, longest_question=settings.max_question_length, line=line
        )
        yield UiServices(turns=turns, history=archive.history, images=archive.images, metrics=metrics)


def choose_turns_at_once(settings: Settings, choice: ModelChoice) -> int:
    """Return how many turns the engine is given at once: as many as it computes together.

    Raises:
        DeviceUnavailableError: there is no CUDA device, and one is asked for.
    """
    from serving.loading import choose_device
    from serving.placement import BATCH_SIZES

    batch_size = settings.batch_size or BATCH_SIZES.get(choose_device(settings.device).type, 1)
    return max(batch_size, settings.vllm_max_sequences if choice.backend == "vllm" else 1)


@contextmanager
def open_archive(settings: Settings) -> Iterator[Archive]:
    """Open database and stores, bring the tables up to date, and close all of it after the block.

    Raises:
        FolderUnusableError: the disk is full, or does not let us write.
    """
    from storage.blobs import LocalBlobStore
    from storage.database import Database, sqlite_url
    from storage.history import SqlHistory
    from storage.holding import sweep
    from storage.images import ImageStore
    from storage.owners import find_owner
    from storage.schema import upgrade_to_head

    ensure_writable(settings.data_dir, setting=f"{ENV_PREFIX}DATA_DIR")
    url = settings.database_url or sqlite_url(settings.data_dir / "history.sqlite")
    with closing(Database(url)) as database:
        blobs = LocalBlobStore(settings.data_dir / "blobs")
        upgrade_to_head(database)
        sweep(database, blobs, read_clock)  # what a crash, or an upload that nobody asked about, left behind
        history: History = SqlHistory(database, blobs)
        images: Images = ImageStore(database, blobs, limits=settings.image_limits)
        yield Archive(history, images, find_owner=lambda conversation_id: find_owner(database, conversation_id))


def ensure_language_weights(settings: Settings) -> Path:
    """Return the folder of the language model's weights, fetching and converting them first where needed.

    Raises:
        CheckpointError: they cannot be fetched.
        FolderUnusableError: the disk is full, or does not let us write.
    """
    converted = find_converted(settings.cache_dir)
    if converted is not None:
        return converted
    ensure_writable(settings.cache_dir, setting=f"{ENV_PREFIX}CACHE_DIR")
    from serving.language.smollm2_weights import convert_gguf
    from serving.language.smollm2_wheel import gguf_at_hand

    quieten_transformers()
    folder = settings.cache_dir / LANGUAGE_FOLDER
    with gguf_at_hand(settings.cache_dir) as gguf:
        convert_gguf(gguf, folder)
    return folder


def describe_installation(settings: Settings, choice: ModelChoice) -> Installation:
    """Return what the doctor looks at."""
    return Installation(
        data_dir=settings.data_dir,
        cache_dir=settings.cache_dir,
        host=settings.host,
        port=settings.port,
        describe_model=lambda: describe_model(choice, settings.cache_dir),
    )


def describe_model(choice: ModelChoice, cache_dir: Path) -> ModelDescription:
    """Return whether a model's weights can be had, and what they cost.

    Raises:
        CheckpointError: they cannot be had.
    """
    from serving.model.costs import describe_checkpoint

    return describe_checkpoint(choice, language_weights=lambda: describe_language_weights(cache_dir))


def describe_language_weights(cache_dir: Path) -> str:
    """Say where the small model's language weights are, or raise `CheckpointMissingError`."""
    if find_converted(cache_dir) is not None:
        return f"{LANGUAGE_FOLDER}, converted"
    return f"{find_gguf().name}, to be converted at the first start or by `segearth prepare`"


def _mount_evaluate(app: typer.Typer, settings: Settings) -> None:
    from evaluation.commands import build_evaluate_app

    choice = settings.model_choice

    def build_engine() -> "SegEarthEngine":
        engine = load_engine(settings, choice)
        atexit.register(engine.close)
        return engine

    def open_store() -> "StoreTemperatures":
        from serving.model.checkpoint import store_temperatures
        from serving.model.checkpoints import locate_small_form

        return functools.partial(store_temperatures, locate_small_form(choice.model))

    evaluate = build_evaluate_app(
        build_engine,
        open_store=open_store,
        describe_precision=lambda: {"precision": choice.precision, "quantisation": choice.quantisation},
    )

    @evaluate.callback()
    def choose_model(
        model: ModelOption = None, dtype: PrecisionOption = None, quantize: QuantisationOption = None
    ) -> None:
        """Measure the model: agreement with targets, and seconds."""
        nonlocal choice
        choice = settings.model_choice.changed(model, dtype, quantize)

    app.add_typer(evaluate, name="evaluate")


def _mount_bench(app: typer.Typer, settings: Settings) -> None:
    from evaluation.speed.serving_command import build_bench_app

    @contextmanager
    def open_on(backend: Backend, *, extracts: bool = True) -> Iterator["SegEarthEngine"]:
        choice = settings.model_choice.changed(None, None, None, backend)
        with closing(load_engine(settings, choice, extracts=extracts)) as engine:
            yield engine

    examples = HERE / "ui" / "assets" / "examples"
    app.add_typer(build_bench_app(open_on, examples=examples), name="bench")


def _mount_parity(app: typer.Typer) -> None:
    from evaluation.parity.command import parity

    app.command()(parity)


def _mount_train(app: typer.Typer, settings: Settings) -> None:
    from training.commands import build_train_app

    app.add_typer(build_train_app(cache_dir=settings.cache_dir), name="train")


def main() -> None:
    """Run the command line; the console script `segearth`."""
    space = find_space(os.environ)
    try:
        settings = load_settings(space)
    except SettingsInvalidError as error:
        typer.echo(str(error), err=True)
        sys.exit(EXIT_FAILED)
    configure_logging(settings.log_level, as_json=settings.log_json)
    # A Space runs this file without a word.
    build_cli(settings, space=space)(["serve"] if space is not None and len(sys.argv) == 1 else None)


if __name__ == "__main__":
    main()
