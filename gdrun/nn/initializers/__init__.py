"""Initializers, one family a file."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.initializer import Initializer

INITIALIZERS: Registry[Initializer] = Registry(
    "gdrun.nn.initializers",
    zeros="constant.Zeros",
    ones="constant.Ones",
    constant="constant.Constant",
    normal="distributions.Normal",
    uniform="distributions.Uniform",
    truncated_normal="distributions.TruncatedNormal",
    lecun_normal="lecun.LecunNormal",
    lecun_uniform="lecun.LecunUniform",
    xavier_normal="xavier.XavierNormal",
    xavier_uniform="xavier.XavierUniform",
    glorot_normal="xavier.XavierNormal",
    glorot_uniform="xavier.XavierUniform",
    he_normal="he.HeNormal",
    he_uniform="he.HeUniform",
    kaiming_normal="he.HeNormal",
    kaiming_uniform="he.HeUniform",
    variance_scaling="variance_scaling.VarianceScaling",
    orthogonal="matrices.Orthogonal",
    identity="matrices.IdentityMatrix",
    sparse="matrices.Sparse",
    lsuv="lsuv.Lsuv",
)

__getattr__ = class_lookup(__name__, INITIALIZERS)  # every one by its class's name
