"""The entry point: answers `--version` at once, and leaves everything else to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command in `sys.argv`; ends the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        from gdrun.version import __version__

        sys.stdout.write(f"gdrun {__version__}\n")
        sys.exit(0)
    import gc
    import os

    # Else OpenBLAS starts a thread a core when NumPy is imported, and they turn in circles for a while.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(100_000, 50, 50)  # starting makes many objects and no garbage
    try:
        from gdrun.cli.main import run
    except KeyboardInterrupt:  # `run` handles all later ones
        sys.exit(130)

    code = run()
    gc.freeze()  # else the end looks for garbage in all that is left: a tenth of a second or two
    sys.exit(code)


if __name__ == "__main__":
    main()
