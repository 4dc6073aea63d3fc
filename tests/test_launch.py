"""Settings come from the environment, and a wrong one is a sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from gradio.utils import get_upload_folder
from PIL import Image

import launch
from assistant.events import Done, Failed
from assistant.turn_request import TurnRequest
from launch import (
    Settings,
    SettingsInvalidError,
    choose_data_dir,
    choose_turns_at_once,
    configure_logging,
    load_settings,
    open_services,
    private_uploads,
)
from serving.model_choice import Backend, ModelChoice
from tests.fakes.engine import FakeEngine
from ui.space import Space

ROOT = Path(launch.__file__).resolve().parent


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"SEGEARTH_{name.upper()}", raising=False)


def run_segearth(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own, without a word from outside but `environment`."""
    return subprocess.run(
        [sys.executable, "-c", "import launch; launch.main()", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_environment_is_read_with_its_prefix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SEGEARTH_PORT", "9000")
    monkeypatch.setenv("SEGEARTH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "1")
    settings = load_settings()
    assert (settings.port, settings.data_dir) == (9000, tmp_path)


def test_only_loopback_is_served_unless_told_otherwise() -> None:
    assert load_settings().host == "127.0.0.1"


def test_a_misspelt_setting_is_named_with_the_right_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGEARTH_PROT", "9000")
    with pytest.raises(SettingsInvalidError, match=r"SEGEARTH_PROT is not a setting. Did you mean SEGEARTH_PORT\?"):
        load_settings()


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("PORT", "0"), ("DEVICE", "tpu"), ("THREADS", "0")])
def test_a_value_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"SEGEARTH_{name}", value)
    with pytest.raises(SettingsInvalidError, match=f"SEGEARTH_{name} cannot be '{value}'"):
        load_settings()


def test_a_checkout_keeps_its_data_beside_the_code(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    assert choose_data_dir(tmp_path) == tmp_path / "var"


def test_an_installed_program_keeps_its_data_with_the_user(tmp_path: Path) -> None:
    assert not choose_data_dir(tmp_path).is_relative_to(tmp_path)


def test_a_space_is_served_to_the_hub_and_its_owner_s_settings_win(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEGEARTH_DATA_DIR", str(tmp_path))
    settings = load_settings(Space("someone/segearth", lends_gpu=False))
    assert (settings.host, settings.port) == ("0.0.0.0", 7860)
    assert settings.frame_ancestors == "https://huggingface.co"
    assert settings.data_dir == tmp_path
    assert not settings.cache_dir.is_relative_to(ROOT)


def test_nobody_may_frame_the_page_outside_of_a_space() -> None:
    assert load_settings().frame_ancestors == ""


@pytest.mark.parametrize("value", ["https://a.example; script-src *", "https://a.example\nb", "a.example", "*"])
def test_what_is_no_list_of_origins_never_reaches_the_policy(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SEGEARTH_FRAME_ANCESTORS", value)
    with pytest.raises(SettingsInvalidError, match="SEGEARTH_FRAME_ANCESTORS cannot be"):
        load_settings()


def test_limits_on_images_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGEARTH_MAX_IMAGE_PIXELS", "1000")
    assert load_settings().image_limits.max_pixels == 1000


def test_what_was_asked_is_there_after_a_restart(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "not there yet")
    Image.new("RGB", (20, 10), "red").save(tmp_path / "red.png")
    with open_services(settings, FakeEngine()) as services:
        image = services.images.admit_image(tmp_path / "red.png", "red.png")
        request = TurnRequest(owner="me", conversation_id=None, text="Where is the red roof?", image=image)
        assert isinstance(list(services.turns.run(request))[-1], Done)
    with open_services(settings, FakeEngine()) as services:
        (conversation,) = services.history.list_conversations("me")
        question, answer = services.history.list_messages("me", conversation.id)
        assert question.text == "Where is the red roof?"
        assert services.history.load_mask("me", answer.id).pixel_count == 200
        assert services.history.list_conversations("somebody else") == []


def test_the_limit_on_questions_reaches_the_turns(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, max_question_length=10)
    with open_services(settings, FakeEngine()) as services:
        request = TurnRequest(owner="me", conversation_id=None, text="Where is the red roof?", image=None)
        (failed,) = services.turns.run(request)
    assert isinstance(failed, Failed)
    assert "the limit is 10" in failed.sentence


def test_logs_go_to_stderr_as_json_and_leave_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("INFO", as_json=True)
    try:
        log = structlog.get_logger("test")
        log.info("turn_done", duration_s=1.5)
        log.debug("not_shown")
    finally:
        structlog.reset_defaults()
    captured = capsys.readouterr()
    row = json.loads(captured.err)
    assert (row["event"], row["duration_s"], row["level"]) == ("turn_done", 1.5, "info")
    assert captured.out == ""


def test_importing_configures_nothing() -> None:
    code = "import launch, logging, structlog; print(structlog.is_configured(), logging.getLogger().handlers)"
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "False []"


def test_a_wrong_setting_ends_the_program_with_its_sentence_and_exit_code_2() -> None:
    finished = run_segearth("version", SEGEARTH_PORT="http")
    assert finished.returncode == 2
    assert finished.stderr.startswith("SEGEARTH_PORT cannot be 'http'")
    assert finished.stdout == ""


def test_a_missing_cuda_device_is_one_sentence_and_exit_code_2(tmp_path: Path) -> None:
    question = ("ui/assets/examples/roofs.tif", "Where are the buildings?")
    finished = run_segearth("segment", *question, SEGEARTH_DEVICE="cuda", CUDA_VISIBLE_DEVICES="", HOME=str(tmp_path))
    assert finished.returncode == 2
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith("PyTorch finds no CUDA device here. Set SEGEARTH_DEVICE to auto or cpu")
    assert finished.stdout == ""


def test_a_data_folder_that_cannot_be_made_is_one_sentence_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    finished = run_segearth("serve", "--port", "7999", SEGEARTH_DATA_DIR=str(tmp_path / "file" / "data"))
    assert finished.returncode == 2
    (sentence,) = finished.stderr.splitlines()
    assert sentence.startswith(f"Nothing can be written in {tmp_path}")
    assert "SEGEARTH_DATA_DIR" in sentence
    assert "Loading" not in finished.stdout


def test_help_lists_every_command() -> None:
    finished = run_segearth("--help")
    assert finished.returncode == 0
    for command in ("serve", "segment", "evaluate", "parity", "train", "prepare", "doctor", "version"):
        assert command in finished.stdout


def test_uploads_lie_in_a_folder_of_the_process_alone_and_leave_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    with private_uploads():
        folder = Path(get_upload_folder())
        assert folder.is_dir()
        (folder / "upload.png").write_bytes(b"left behind")
    assert not folder.exists()
    assert Path(get_upload_folder()) != folder


def test_a_folder_for_uploads_that_the_environment_names_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with private_uploads():
        assert Path(get_upload_folder()) == tmp_path
    assert tmp_path.is_dir()


def test_as_many_turns_are_let_in_as_are_computed_together() -> None:
    both: tuple[Backend, Backend] = ("transformers", "vllm")
    for size, expected in ((None, [1, 16]), (4, [4, 16]), (32, [32, 32])):
        settings = Settings(device="cpu", batch_size=size)
        assert [choose_turns_at_once(settings, ModelChoice("m", backend=backend)) for backend in both] == expected
