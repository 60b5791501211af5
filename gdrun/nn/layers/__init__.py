"""Layers, one a file: the forward pass and, right under it, the backward pass."""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.nn.layer import Layer

LAYERS: Registry[Layer] = Registry(
    "gdrun.nn.layers",
    dense="dense.Dense",
    activation="activation_layer.ActivationLayer",
    prelu="prelu.Prelu",
    maxout="maxout.Maxout",
    batch_norm="batch_norm.BatchNorm",
    layer_norm="layer_norm.LayerNorm",
    group_norm="layer_norm.GroupNorm",
    rms_norm="layer_norm.RmsNorm",
    residual="residual.Residual",
    embedding="embedding.Embedding",
    rnn="rnn.Rnn",
    lstm="lstm.Lstm",
    gru="gru.Gru",
    attention="attention.Attention",
    dropout="dropout.Dropout",
    gaussian_noise="gaussian_noise.GaussianNoise",
    conv2d="conv2d.Conv2d",
    conv1d="conv1d.Conv1d",
    max_pool2d="pooling.MaxPool2d",
    average_pool2d="pooling.AveragePool2d",
    global_average_pool="pooling.GlobalAveragePool",
    flatten="reshape.Flatten",
    reshape="reshape.Reshape",
)

__getattr__ = class_lookup(__name__, LAYERS)  # every one by its class's name
