"""The reduction by itself: what it keeps exactly, and where the picture lies."""

import numpy as np
import pytest
from PIL import Image

from cygnet.images.reduction import reduce_to


def test_a_picture_of_the_wanted_size_is_kept_as_it_is(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (31, 47, 3), dtype=np.uint8)
    assert (reduce_to(pixels, 47, 31, 47, 31) == pixels).all()


@pytest.mark.parametrize("shape", [(64, 64), (300, 200), (1000, 777), (70, 3000)])
def test_an_even_colour_stays_even(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), (10, 128, 250), np.uint8)
    assert (reduce_to(pixels, shape[1], shape[0], 50, 50) == [10, 128, 250]).all()


@pytest.mark.parametrize("factor", [1.3, 2.0, 3.7, 5.5, 11.7, 40.0])
def test_a_ramp_stays_where_it_is(factor: float) -> None:
    columns = 40
    width = round(columns * factor)
    # A ramp from 0 to 255 over the picture: its value at a pixel's centre tells the place.
    ramp = 255 * (np.arange(width) + 0.5) / width
    pixels = np.repeat(np.rint(ramp).astype(np.uint8)[None, :, None], 3, 2).repeat(64, 0)
    expected = 255 * (np.arange(columns) + 0.5) / columns
    reduced = reduce_to(pixels, width, 64, columns, 64)[30, :, 0]
    assert np.abs(reduced - expected)[2:-2].max() <= 1.5


def test_a_picture_that_fills_a_fraction_of_its_last_column_is_placed_by_its_true_width() -> None:
    width = 100.25
    ramp = 255 * (np.arange(101) + 0.5) / width
    pixels = np.repeat(np.minimum(np.rint(ramp), 255).astype(np.uint8)[None, :, None], 3, 2)
    reduced = reduce_to(pixels.repeat(64, 0), width, 64, 50, 64)[30, :, 0]
    expected = 255 * (np.arange(50) + 0.5) / 50
    assert np.abs(reduced - expected)[2:-2].max() <= 1.0


def test_fine_stripes_become_grey_and_not_coarse_stripes() -> None:
    # Stripes of one pixel cannot be shown at 3/10 of the size: an aliasing filter invents others.
    stripes = np.zeros((60, 300, 3), np.uint8)
    stripes[:, ::2] = 255
    reduced = reduce_to(stripes, 300, 60, 90, 60)[:, 4:-4].astype(int)
    assert np.abs(reduced - 127.5).max() < 12


def test_large_reductions_agree_with_pillow(rng: np.random.Generator) -> None:
    coarse = rng.integers(60, 220, (75, 100, 3), dtype=np.uint8).repeat(12, 0).repeat(12, 1)
    reduced = reduce_to(coarse, 1200, 900, 50, 50).astype(int)
    reference = np.asarray(Image.fromarray(coarse).resize((50, 50), Image.Resampling.BICUBIC))
    assert np.abs(reduced - reference).mean() < 1.5
