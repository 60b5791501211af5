"""Augmentation: what becomes of each pixel, how often, and that a run draws for itself alone."""

from __future__ import annotations

import numpy as np
import pytest

from gdrun.data.augmentation import Augmentation
from gdrun.randomness import Purpose, generator


def augmented(augmentation, images, rows, seeds, times=1):
    out = np.empty((*rows.shape, *images.shape[1:]), images.dtype)
    generators = [generator(seed, Purpose.AUGMENTATION) for seed in seeds]
    gather = augmentation.bind(images, out, generators)
    found = []
    for _ in range(times):
        gather(rows)
        found.append(out.copy())
    return found if times > 1 else found[0]


def moved(image, down, across, mirrored):
    """One image written out: pixel by pixel, the edges repeated."""
    height, width, _ = image.shape
    source = image[:, ::-1] if mirrored else image
    across = -across if mirrored else across
    result = np.empty_like(image)
    for p in range(height):
        for q in range(width):
            result[p, q] = source[min(max(p + down, 0), height - 1), min(max(q + across, 0), width - 1)]
    return result


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shift", [0, 1, 2])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_image_is_one_of_those_written_out_and_all_of_them_occur(channels, shift, flip, dtype):
    random = np.random.default_rng(0)
    images = random.standard_normal((3, 4, 5, channels)).astype(dtype)
    rows = random.integers(0, 3, (2, 300))
    found = augmented(Augmentation(shift, flip), images, rows, [1, 2])
    moves = range(-shift, shift + 1)
    choices = {
        (row, down, across, mirrored): moved(images[row], down, across, mirrored).tobytes()
        for row in range(3)
        for down in moves
        for across in moves
        for mirrored in ((False, True) if flip else (False,))
    }
    assert len(set(choices.values())) == len(choices)
    seen = {
        (row, image.tobytes())
        for row, image in zip(rows.ravel(), found.reshape(-1, 4, 5, channels), strict=True)
    }
    assert seen <= {(key[0], value) for key, value in choices.items()}
    assert len(seen) > 0.9 * len(choices)


def test_moves_and_mirrors_are_equally_likely():
    images = np.arange(7.0 * 7).reshape(1, 7, 7, 1)
    found = augmented(Augmentation(1, True), images, np.zeros((1, 18_000), np.int64), [0])
    _, counts = np.unique(found.reshape(-1, 49), axis=0, return_counts=True)
    assert len(counts) == 18
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(1000)  # standard deviations


def test_nothing_changes_without_an_option():
    images = np.random.default_rng(0).standard_normal((5, 3, 4, 2))
    rows = np.array([[4, 0, 2]])
    np.testing.assert_array_equal(augmented(Augmentation(), images, rows, [0]), images[rows])


def test_a_run_draws_the_same_in_any_company_and_something_else_every_time():
    images = np.random.default_rng(0).standard_normal((6, 8, 8, 1))
    rows = np.random.default_rng(1).integers(0, 6, (3, 10))
    together = augmented(Augmentation(2, True), images, rows, [5, 6, 7], times=3)
    alone = augmented(Augmentation(2, True), images, rows[1:2], [6], times=3)
    for several, one in zip(together, alone, strict=True):
        np.testing.assert_array_equal(several[1], one[0])
    assert not np.array_equal(alone[0], alone[1])


def test_what_cannot_be_moved_is_said():
    with pytest.raises(ValueError, match=r"only images .* can be moved, not rows of shape \(784,\)"):
        Augmentation(1).check((784,))
    with pytest.raises(ValueError, match="a shift by 8 leaves nothing of images of 8×9 pixels"):
        Augmentation(8).check((8, 9, 1))
    Augmentation(7).check((8, 9, 1))
