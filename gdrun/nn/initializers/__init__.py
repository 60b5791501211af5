"""Initializers, one family a file."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.nn.initializers.constant import Constant, Ones, Zeros
from gdrun.nn.initializers.distributions import Normal, TruncatedNormal, Uniform
from gdrun.nn.initializers.he import HeNormal, HeUniform
from gdrun.nn.initializers.lecun import LecunNormal, LecunUniform
from gdrun.nn.initializers.matrices import IdentityMatrix, Orthogonal
from gdrun.nn.initializers.variance_scaling import VarianceScaling
from gdrun.nn.initializers.xavier import XavierNormal, XavierUniform

INITIALIZERS = registry(
    zeros=Zeros,
    ones=Ones,
    constant=Constant,
    normal=Normal,
    uniform=Uniform,
    truncated_normal=TruncatedNormal,
    lecun_normal=LecunNormal,
    lecun_uniform=LecunUniform,
    xavier_normal=XavierNormal,
    xavier_uniform=XavierUniform,
    glorot_normal=XavierNormal,
    glorot_uniform=XavierUniform,
    he_normal=HeNormal,
    he_uniform=HeUniform,
    kaiming_normal=HeNormal,
    kaiming_uniform=HeUniform,
    variance_scaling=VarianceScaling,
    orthogonal=Orthogonal,
    identity=IdentityMatrix,
)
