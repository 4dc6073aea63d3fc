"""The options of every command that loads a model; each left out means what the settings say."""

from typing import Annotated

import typer

from serving.model_choice import Backend, Precision, Quantisation

ModelOption = Annotated[
    str | None,
    typer.Option(
        help="Answer with this: a hub id (earth-insights/SegEarth-R1-EarthReason), a folder or a .safetensors file.",
        metavar="ID|PATH",
    ),
]
PrecisionOption = Annotated[Precision | None, typer.Option(help="Precision of the weights: fp32, bf16 or fp16.")]
QuantisationOption = Annotated[
    Quantisation | None,
    typer.Option(help="Keep the language model's layers in int8 or nf4 (needs bitsandbytes)."),
]
BackendOption = Annotated[
    Backend | None,
    typer.Option(help="What runs the language model: transformers, or vllm in a process of its own (docs/vllm.md)."),
]
TensorParallelOption = Annotated[
    int | None, typer.Option(min=1, help="GPUs that vLLM spreads one copy of the language model over.")
]
DataParallelOption = Annotated[int | None, typer.Option(min=1, help="Copies of the language model that vLLM keeps.")]
