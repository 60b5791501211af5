"""With what plans are carried out: processes or a cluster, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gdrun.engines.cluster import Cluster
from gdrun.engines.engine import Engine
from gdrun.engines.interruption import Interruption
from gdrun.experiments.events import Event
from gdrun.experiments.spec import RunSpec, Tile

Tell = Callable[[Event], None]


@dataclass(frozen=True)
class Means:
    """With what a plan is carried out; it never changes a result.

    Attributes:
        workers: processes.
        tell: receives events.
        interruption: may end it early.
        plugins: files to load first.
        cluster: where the runs are trained, if it isn't this machine's own processes.
    """

    workers: int
    tell: Tell
    interruption: Interruption
    plugins: Sequence[Path] = ()
    cluster: Cluster | None = None

    def tile(self, number: int, specs: Sequence[RunSpec], checkpoints: Path) -> Tile:
        """Runs that are trained together; where they are, somebody may be in another folder."""
        tile = Tile(number, tuple(specs), checkpoints, tuple(self.plugins))
        return tile if self.cluster is None else tile.absolute()

    def engine(self, path: Path) -> Engine:
        """Where runs are trained, which are written under the path."""
        cluster = None if self.cluster is None else replace(self.cluster, folder=path)
        return Engine(self.workers, self.tell, self.interruption, cluster)
