"""vLLM's plugin: runs in the processes of vLLM's before a model is loaded."""

import os
from importlib import import_module
from typing import get_args

from serving.vllm_process.process_group import end_with_parent
from serving.vllm_process.settings import Architecture


def register() -> None:
    """Name our model classes to vLLM, and let processes that it starts end with the one that started them."""
    if os.getpgrp() != os.getpid():  # not the first one, which has its own lifeline: one that was spawned
        end_with_parent()
    os.register_at_fork(after_in_child=end_with_parent)
    from vllm import ModelRegistry

    # Strings, not classes: importing a model must not initialise an accelerator in a process that has none.
    for architecture in get_args(Architecture):
        ModelRegistry.register_model(architecture, f"serving.vllm_process.vllm_models:{architecture}")


def register_nf4() -> None:
    """Let vLLM quantise our models with bitsandbytes while it loads them."""
    import vllm_bnb_plugin

    vllm_bnb_plugin.register()
    import_module("serving.vllm_process.vllm_bitsandbytes")  # after it: ours takes the place of its loader
