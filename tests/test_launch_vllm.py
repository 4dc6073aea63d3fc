"""How the program finds vLLM, what it shows vLLM's process, and what it refuses before anything is loaded."""

import importlib.util
import sys
from pathlib import Path

import pytest

import launch
from launch import Settings, build_vllm_environment, choose_vllm, load_engine
from serving.errors import BackendUnavailableError, CheckpointMissingError
from serving.model_choice import ModelChoice


def test_the_named_interpreter_is_taken() -> None:
    settings = Settings(vllm_python=Path("/opt/vllm/bin/python"), vllm_kv_cache_gb=2, vllm_start_timeout_s=60)
    chosen = choose_vllm(settings, settings.model_choice)
    assert chosen.python == Path("/opt/vllm/bin/python")
    assert (chosen.kv_cache_gb, chosen.start_timeout_s) == (2, 60)


def test_the_environment_beside_the_code_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    python = tmp_path / ".venv-vllm" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    monkeypatch.setattr(launch, "HERE", tmp_path)
    assert choose_vllm(Settings(), Settings().model_choice).python == python


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed in this Python")
def test_a_missing_vllm_is_a_sentence_with_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(launch, "HERE", tmp_path)
    with pytest.raises(BackendUnavailableError, match=r"vLLM is not installed\..*`make install-vllm`"):
        load_engine(Settings(), ModelChoice(tmp_path, backend="vllm"))


def test_nothing_of_ours_leaks_into_its_environment() -> None:
    seen = build_vllm_environment({"PATH": "/bin", "PYTHONPATH": "/ours", "SEGEARTH_DATABASE_URL": "secret"})
    assert seen["PATH"] == "/bin"
    assert not [name for name in seen if name.startswith(("PYTHON", "SEGEARTH_"))]
    assert seen["HF_HUB_OFFLINE"] == "1"


def test_the_settings_backend_is_the_choice_s() -> None:
    choice = Settings(backend="vllm").model_choice
    assert choice.backend == "vllm"
    assert choice.changed(None, None, None).backend == "vllm"
    assert choice.changed(None, None, None, "transformers").backend == "transformers"


def test_the_model_that_was_asked_for_is_loaded_and_not_the_settings_own(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissingError):
        load_engine(Settings(), ModelChoice(tmp_path / "no such model"))


def test_int8_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    choice = ModelChoice(tmp_path / "no such model", quantisation="int8", backend="vllm")
    with pytest.raises(BackendUnavailableError, match=r"nf4, not to int8\. Take --quantize nf4"):
        load_engine(Settings(vllm_python=Path(sys.executable)), choice)


def test_what_is_asked_for_is_what_vllm_is_told() -> None:
    settings = Settings(
        backend="vllm",
        quantize="nf4",
        vllm_python=Path(sys.executable),
        vllm_tensor_parallel=2,
        vllm_data_parallel=3,
        vllm_max_sequences=7,
    )
    told = choose_vllm(settings, settings.model_choice)
    assert (told.quantisation, told.tensor_parallel, told.data_parallel) == ("nf4", 2, 3)
    assert told.max_sequences == 7


def test_a_flag_wins_over_the_setting() -> None:
    settings = Settings(backend="vllm", vllm_python=Path(sys.executable), vllm_tensor_parallel=2, vllm_data_parallel=3)
    told = choose_vllm(settings, settings.model_choice.spread(4, None))
    assert (told.tensor_parallel, told.data_parallel) == (4, 3)


def test_spreading_what_does_not_run_in_vllm_is_refused() -> None:
    with pytest.raises(BackendUnavailableError, match="Add --backend vllm"):
        ModelChoice("mini").spread(None, 2)
    assert ModelChoice("mini").spread(None, None) == ModelChoice("mini")
