"""NIST's problems: data, models and derivatives against the certificates."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import gdrun.objectives.nist as nist_module
from gdrun.objectives import Nist
from gdrun.objectives.nist_models import MODELS

FILES = Path(nist_module.__file__).parent / "files"


def test_the_file_is_the_one_whose_source_is_told():
    (digest,) = re.findall(r"\| nist\.json \| `([0-9a-f]{64})` \|", (FILES / "README.md").read_text())
    assert hashlib.sha256((FILES / "nist.json").read_bytes()).hexdigest() == digest


def test_all_of_the_collection_is_there():
    assert len(MODELS) == 27
    observations = {name: len(Nist(problem=name).response) for name in MODELS}
    assert (observations["misra1a"], observations["hahn1"], observations["thurber"]) == (14, 236, 37)
    with pytest.raises(ValueError, match="must be one of bennett5"):
        Nist(problem="misra2")


@pytest.mark.parametrize("problem", MODELS)
def test_the_certified_parameters_have_the_certified_residual_sum_of_squares(problem):
    objective = Nist(problem=problem)
    value = objective.values(np.array([objective.certified]))[0]
    if problem == "lanczos1":  # its residuals are of the size of the parameters' own rounding
        assert value < 1e-20
        return
    assert value == pytest.approx(objective.minimum, rel=2e-10)


@pytest.mark.parametrize("problem", MODELS)
def test_at_the_certified_parameters_there_is_nowhere_to_go(problem):
    """A Gauss–Newton step would move no parameter by more than the certificate's own rounding."""
    objective = Nist(problem=problem)
    b = np.array([objective.certified])
    prediction, slopes = MODELS[problem](b.T[:, :, None], *objective.predictors)
    jacobian = np.array([np.broadcast_to(slope, prediction.shape)[0] for slope in slopes]).T
    size = np.linalg.norm(jacobian, axis=0)
    off = (prediction - objective.response)[0]
    move = np.linalg.lstsq(jacobian / size, off, rcond=1e-16)[0] / size
    assert np.abs(move / b[0]).max() < 1e-9


def test_scaled_variables_begin_at_one_and_end_at_the_same_place():
    plain, scaled = Nist(problem="thurber"), Nist(problem="thurber", scaled=True)
    assert scaled.usual_start == (1.0,) * 7
    start = np.array([plain.usual_start])
    slopes, scaled_slopes = np.empty_like(start), np.empty_like(start)
    assert plain.evaluate(start, slopes) == scaled.evaluate(np.ones((1, 7)), scaled_slopes)
    np.testing.assert_allclose(scaled_slopes, slopes * start, rtol=1e-13)
    np.testing.assert_allclose(np.array(scaled.minima) * start, plain.minima, rtol=1e-15)


def test_the_two_starts_are_those_of_the_file():
    assert Nist(problem="misra1a", first=1).usual_start == (500.0, 0.0001)
    assert Nist(problem="misra1a").usual_start == (250.0, 0.0005)
