"""Which dictionary names the components of a kind. There is no second list of names anywhere."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from gdrun.component import Component
from gdrun.data import DATASETS
from gdrun.data.table import Dataset
from gdrun.nn.activation import Activation
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layer import Layer
from gdrun.nn.layers import LAYERS
from gdrun.nn.loss import Loss
from gdrun.nn.losses import LOSSES
from gdrun.nn.metric import Metric
from gdrun.nn.metrics import METRICS
from gdrun.nn.model import Model
from gdrun.nn.models import MODELS
from gdrun.objectives import LINE_METHODS, OBJECTIVES
from gdrun.objectives.line_methods import LineMethod
from gdrun.objectives.objective import Objective
from gdrun.optim import AVERAGINGS, OPTIMIZERS
from gdrun.optim.averaging import Averaging
from gdrun.optim.method import Method
from gdrun.optim.schedule import Schedule
from gdrun.optim.schedules import SCHEDULES


@dataclass(frozen=True)
class Family:
    """A kind of component.

    Attributes:
        kind: its word, as in `gdrun list optimizer`.
        plural: the same for several.
        base: the class that all of them derive from.
        components: name → class; the dictionary itself, so that what a plugin adds is seen.
        implied: the component that a mapping with its option of that name means, where it gives no name.
    """

    kind: str
    plural: str
    base: type[Component]
    components: MutableMapping[str, type[Any]]
    implied: str | None = None

    def find(self, name: object) -> type[Any] | None:
        """The component with this name, or None. An unknown name makes installed packages' plugins load."""
        if not isinstance(name, str):
            return None
        if name not in self.components:
            from gdrun.config.plugins import load_entry_points

            load_entry_points()
        return self.components.get(name)

    @property
    def with_article(self) -> str:
        return f"{'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind.replace('_', ' ')}"


FAMILIES: dict[str, Family] = {
    family.kind: family
    for family in (
        Family("dataset", "datasets", Dataset, DATASETS),
        Family("model", "models", Model, MODELS),
        Family("layer", "layers", Layer, LAYERS),
        Family("activation", "activations", Activation, ACTIVATIONS),
        Family("initializer", "initializers", Initializer, INITIALIZERS),
        Family("loss", "losses", Loss, LOSSES),
        Family("metric", "metrics", Metric, METRICS),
        Family("optimizer", "optimizers", Method, OPTIMIZERS),
        Family("averaging", "averagings", Averaging, AVERAGINGS),
        Family("schedule", "schedules", Schedule, SCHEDULES),
        Family("objective", "objectives", Objective, OBJECTIVES, implied="expression"),
        Family("line_method", "line_methods", LineMethod, LINE_METHODS),
    )
}


def family_of(annotation: Any) -> Family | None:
    """The family whose base class an annotation is."""
    for family in FAMILIES.values():  # a loop, since it is asked for every value of a config
        if family.base is annotation:
            return family
    return None


def family_of_component(cls: type[Any]) -> Family | None:
    """The family that a component's class belongs to."""
    return next((family for family in FAMILIES.values() if issubclass(cls, family.base)), None)
