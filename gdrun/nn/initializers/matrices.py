"""Initializers that make a matrix with a property as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from gdrun.component import Count, NonNegative
from gdrun.nn.initializer import Initializer


@dataclass(frozen=True)
class Orthogonal(Initializer):
    """A random orthogonal matrix: it keeps the length of what passes through.

    Formula:
        W = gain·Q·sign(diag R), Q·R the QR decomposition of standard normal values: uniform over all
        orthogonal matrices. Of a matrix that isn't square the shorter side is orthonormal.

    Options:
        gain: factor of every value; √2 suits relu.

    Variant:
        All axes but the last one count as inputs, as in Keras.

    Reference:
        Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear
        neural networks", ICLR 2014; uniformity: Mezzadri, Notices of the AMS 54, 2007.
    """

    gain: float = 1.0

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        if len(shape) < 2:
            raise ValueError(f"orthogonal needs a matrix, not shape {shape}; for a bias take zeros")
        rows, columns = prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(generator.standard_normal((max(rows, columns), min(rows, columns))))
        q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
        values: NDArray[np.float64] = self.gain * (q if rows >= columns else q.T).reshape(shape)
        return values


@dataclass(frozen=True)
class IdentityMatrix(Initializer):
    """The identity matrix: at the start a layer passes its input on.

    Formula:
        w_ij = 1 where i = j, else 0

    Variant:
        A matrix that isn't square gets ones on its diagonal, as in Keras and PyTorch.

    Reference:
        Le, Jaitly & Hinton, "A simple way to initialize recurrent networks of rectified linear units",
        arXiv 1504.00941, 2015.
    """

    name: ClassVar[str] = "identity"

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        if len(shape) != 2:
            raise ValueError(f"identity needs a matrix, not shape {shape}; take another initializer for it")
        return np.eye(*shape)


@dataclass(frozen=True)
class Sparse(Initializer):
    """A few connections a unit, and 0 elsewhere: units start different, however large the layer is.

    Formula:
        of every output `connections` weights, chosen at random, w ~ N(0, std²); the rest are 0

    Options:
        connections: inputs that an output starts with; all of them if there are fewer.
        std: the standard deviation of the weights that aren't 0.

    Variant:
        A fixed number of connections, as in the papers; PyTorch's takes a share. All axes but the last one
        count as inputs. Of inputs with variance 1 an output has connections·std²: 0.26 keeps their size with
        15 connections.

    Reference:
        Martens, "Deep learning via Hessian-free optimization", ICML 2010, section 5; std: Sutskever, Martens,
        Dahl & Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013.
    """

    connections: Count = 15
    std: NonNegative = 1.0

    def sample(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, generator: np.random.Generator
    ) -> NDArray[np.float64]:
        if len(shape) < 2:
            raise ValueError(f"sparse needs a matrix, not shape {shape}; for a bias take zeros")
        rows, columns = prod(shape[:-1]), shape[-1]
        chosen = generator.random((rows, columns)).argsort(axis=0)[: self.connections]
        values = np.zeros((rows, columns))
        np.put_along_axis(values, chosen, generator.standard_normal(chosen.shape) * self.std, axis=0)
        return values.reshape(shape)
