"""What the keys of a config contradict each other in, though each is right by itself.

For what stands around the optimizer, which a network's config and an objective's both have; the rest is the
network's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gdrun.config.config import Config
from gdrun.nn.initializer import Initializer
from gdrun.nn.losses import LOSSES
from gdrun.optim.optimizer import Optimizer
from gdrun.optim.searcher import Searcher

_OF_WEIGHTS = ("weight_initializer", "recurrent_initializer")  # options of layers


def contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """Dotted key and message of each."""
    scaling = config.preprocessing.features
    if config.augmentation is not None and scaling in ("standardize", "min_max"):
        yield (
            "augmentation",
            f"moves pixels, but preprocessing.features: {scaling} scales each by numbers of its own; take "
            "scale, standardize_channels or none there",
        )
    if config.initial_weights is None:
        yield from _unscalable(getattr(config.model, "layers", ()), "model.layers", config.initializer)
    optimizer, loss = config.optimizer, config.loss
    estimates = isinstance(optimizer, Optimizer) and optimizer.estimate_every > 0
    if estimates and loss is not None and not loss.is_likelihood:
        fitting = [name for name, cls in LOSSES.items() if cls.is_likelihood and cls.task == loss.task]
        yield (
            "loss",
            f"{optimizer.name} estimates the curvature with targets drawn from the predictions, for which "
            f"{loss.name} gives no distribution: take {' or '.join(fitting)}, or another optimizer",
        )
    if not isinstance(optimizer, Searcher):
        return
    if config.batch_size != "full":
        yield (
            "batch_size",
            f"{optimizer.name} compares losses, which must be of the same rows: set batch_size: full",
        )
    if config.augmentation is not None:
        yield (
            "augmentation",
            f"{optimizer.name} compares losses, which must be of the same images: leave this out, or take "
            "another optimizer",
        )
    yield from around_searcher(optimizer, config, "loss")


def _unscalable(layers: Sequence[Any], key: str, initializer: Initializer) -> Iterator[tuple[str, str]]:
    """Layers whose weights `lsuv` is to scale and cannot, those inside of others included."""
    for index, layer in enumerate(layers):
        place = f"{key}.{index}"
        own = {name: getattr(layer, name) for name in _OF_WEIGHTS if hasattr(layer, name)}
        asked = [name for name, found in own.items() if (found or initializer).looks_at_rows]
        if asked and (len(asked) > 1 or not layer.scalable):
            yield (
                "initializer" if own[asked[0]] is None else f"{place}.{asked[0]}",
                "lsuv scales one array of weights until a layer's outputs have unit variance, and those of "
                f"{place} ({layer.name}) don't follow it: give that layer a {asked[0]} such as orthogonal",
            )
        yield from _unscalable(getattr(layer, "layers", ()), f"{place}.layers", initializer)


def around_searcher(searcher: Searcher, config: Any, minimized: str) -> Iterator[tuple[str, str]]:
    """What a method that evaluates for itself has no use for, of the keys beside `optimizer`.

    Args:
        searcher: the method.
        config: of a network or of an objective.
        minimized: what the method evaluates.
    """
    for key in ("lookahead", "gradient_noise"):
        if getattr(config, key) is not None:
            yield (
                key,
                f"{searcher.name} evaluates the {minimized} itself and knows it where it is, which {key} "
                "would change behind its back: leave this out, or take another optimizer",
            )
    if config.gradient_clipping is not None and not searcher.needs_gradient:
        yield (
            "gradient_clipping",
            f"{searcher.name} computes no gradients that could be clipped: leave this out, or take another "
            "optimizer",
        )
