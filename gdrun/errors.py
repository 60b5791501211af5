"""Everything that can go wrong, and the exit code that says so.

    GdrunError                       1   a bug in gdrun (never expected)
    ├── ConfigError                  2   usage or config
    ├── DataError                    3   a data file or data set
    ├── WeightsError                 4   checkpoint or weights that don't fit or are damaged
    ├── LockedError                  5   another process holds the run directory
    ├── ExistsError                  5   the file or directory exists already
    ├── DivergedError                6   the loss or the weights became NaN or infinite
    ├── SystemRefusedError           7   no space, no permission, an I/O error, too little memory
    │   └── WorkerDiedError          7   the process of a run died, whoever killed it
    ├── MembersFailedError           8   some runs of a group failed
    └── StoppedError               130   Ctrl-C
        └── TerminatedError        143   SIGTERM, or SIGUSR1 as SLURM sends it

A message says what was wrong, where, and what to do next, in that order, in one or two lines.
"""

from __future__ import annotations


class GdrunError(Exception):
    """The root of the tree. Raised itself only for a state that should be impossible."""

    exit_code = 1


class ConfigError(GdrunError):
    """A config, an option or an argument that cannot be used as given."""

    exit_code = 2


class DataError(GdrunError):
    """Data that cannot be used: names the file, line and column where there is one."""

    exit_code = 3


class WeightsError(GdrunError):
    """Weights or a checkpoint that are damaged or belong to something else."""

    exit_code = 4


class LockedError(GdrunError):
    """Another live process holds the run directory; the message names it."""

    exit_code = 5


class ExistsError(GdrunError):
    """Something that must not be overwritten is there already."""

    exit_code = 5


class DivergedError(GdrunError):
    """A single run ended with a non-finite loss or weight."""

    exit_code = 6


class SystemRefusedError(GdrunError):
    """The operating system said no: space, permission, input/output, memory."""

    exit_code = 7


class WorkerDiedError(SystemRefusedError):
    """A task's worker process died every time that it was tried."""


class MembersFailedError(GdrunError):
    """Some runs of a group failed; the others are complete."""

    exit_code = 8


class StoppedError(GdrunError):
    """The user pressed Ctrl-C; the run is checkpointed and resumable."""

    exit_code = 130


class TerminatedError(StoppedError):
    """SIGTERM or SIGUSR1 arrived; the run is checkpointed and resumable."""

    exit_code = 143
