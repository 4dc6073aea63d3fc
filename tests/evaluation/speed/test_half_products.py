import pytest
import torch
from torch.nn import functional

from evaluation.speed.half_products import HalfProducts


def test_a_product_is_the_rounded_one_of_fp32() -> None:
    generator = torch.Generator().manual_seed(3)
    x, weight, bias = (torch.randn(*shape, generator=generator).half() for shape in ((5, 64), (7, 64), (7,)))
    expected = functional.linear(x.float(), weight.float(), bias.float()).half()
    with HalfProducts():
        found = functional.linear(x, weight, bias)
    assert found.dtype == torch.float16
    assert torch.equal(found, expected)


def test_convolutions_and_batched_products_are_reached() -> None:
    generator = torch.Generator().manual_seed(4)
    image, kernel = (
        torch.randn(1, 8, 9, 9, generator=generator).half(),
        torch.randn(4, 8, 3, 3, generator=generator).half(),
    )
    left, right = torch.randn(2, 3, 40, generator=generator).half(), torch.randn(2, 40, 5, generator=generator).half()
    with HalfProducts():
        convolved, multiplied = functional.conv2d(image, kernel, padding=1), left @ right
    assert torch.equal(convolved, functional.conv2d(image.float(), kernel.float(), padding=1).half())
    assert torch.equal(multiplied, (left.float() @ right.float()).half())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_precisions_are_left_alone(dtype: torch.dtype) -> None:
    x = torch.randn(6, 6, generator=torch.Generator().manual_seed(5)).to(dtype)
    with HalfProducts():
        product = x @ x
    assert torch.equal(product, x @ x)
