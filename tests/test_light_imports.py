"""The conversation, the storage and the plain types of serving need neither torch nor a page."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "transformers", "gradio", "vllm", "pyogrio")

# serving/model, serving/language, the engine and what loads it are torch, and so is what runs inside vLLM; the
# migrations run only inside alembic.
HEAVY_PARTS = (
    "serving/model/",
    "serving/language/",
    "serving/batched_model.py",
    "serving/engine.py",
    "serving/feature_cache.py",
    "serving/loading.py",
    "serving/looks.py",
    "serving/placement.py",
    "serving/refinement/learned.py",
    "serving/refinement/prompted.py",
    "serving/refinement/suggestions.py",
    "serving/released_form.py",
    "serving/segment_anything/",
    "serving/small_form.py",
    "serving/vllm_process/vllm_bitsandbytes.py",
    "serving/vllm_process/vllm_connector.py",
    "serving/vllm_process/vllm_engine.py",
    "serving/vllm_process/vllm_models.py",
    "storage/migrations/",
)

IMPORT_ALL = """
import importlib, sys

heavy = sys.argv[1].split(",")

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in heavy:
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, Refuse())
failed = []
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ImportError as error:
        failed.append(f"{name}: {error}")
print("\\n".join(failed))
"""


def list_light_modules() -> list[str]:
    paths = [
        path.relative_to(ROOT) for part in ("assistant", "storage", "serving") for path in (ROOT / part).rglob("*.py")
    ]
    light = [path for path in paths if not path.as_posix().startswith(HEAVY_PARTS)]
    return sorted(".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in light)


def import_all(*modules: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, ",".join(HEAVY), *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.strip()


def test_light_modules_import_where_heavy_ones_are_missing() -> None:
    modules = list_light_modules()
    assert {"assistant.turns", "serving.prediction", "serving.imagery.admission"} <= set(modules)
    assert import_all(*modules) == ""


def test_a_heavy_import_would_be_noticed() -> None:
    assert "torch is not to be imported here" in import_all("serving.model.attention")


def test_the_command_line_starts_without_heavy_libraries() -> None:
    assert import_all("launch") == ""
