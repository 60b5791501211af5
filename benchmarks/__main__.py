"""`python -m benchmarks`: measure, print, and with --write keep the tables in RESULTS.md."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repetitions", type=int, default=9, help="rounds; the median counts")
    parser.add_argument("--seconds", type=float, default=0.25, help="about how long a turn lasts")
    parser.add_argument("--problems", default="tiny,middle,large", help="which networks")
    parser.add_argument("--core", type=int, help="the core to stay on; default: the last one allowed")
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu where others are busy too"
    )
    parser.add_argument("--commands", choices=("too", "only", "not"), default="too", help="the command line")
    parser.add_argument("--write", action="store_true", help="write RESULTS.md")
    options = parser.parse_args()

    cores = os.sched_getaffinity(0)
    core = max(cores) if options.core is None else options.core
    os.sched_setaffinity(0, {core})
    # Before any library is loaded, here or in the processes that are started from here.
    os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
    os.environ |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
    os.environ["BENCHMARK_CLOCK"] = options.clock

    from rich.console import Console

    from benchmarks import commands, comparison, convolution, cross_validation, descents, machine, table
    from benchmarks.lockstep import measure
    from benchmarks.problem import PROBLEMS
    from benchmarks.targets import TARGETS

    console = Console()
    described = machine.description(core, options.clock)
    for name, value in described.items():
        console.print(f"{name}: {value}", highlight=False)
    chosen = [] if options.commands == "only" else options.problems.split(",")
    figures = {}
    for name in chosen:
        with console.status(f"{name} network"):
            figures[name] = measure(PROBLEMS[name], options.repetitions, options.seconds)
        table.show(console, *table.figures_rows({name: figures[name]}))
    findings = [target.judge(figures) for target in TARGETS if target.problem in figures]
    if options.commands != "not":
        with console.status("the command line"):
            findings += commands.findings(options.repetitions, cores)
            findings += cross_validation.findings(options.repetitions)
            findings += descents.findings(options.repetitions)
            findings += comparison.findings(max(1, options.repetitions // 3), cores)
    if options.commands != "only":  # last: PyTorch is imported here, and what starts from a large process
        with console.status("convolutions"):  # seems as large to the system
            findings += convolution.findings(options.repetitions)
    table.show(console, *table.findings_rows(findings))
    if figures:
        console.print(table.NOTES, highlight=False)
    if options.write:
        results = Path(__file__).with_name("RESULTS.md")
        results.write_text(table.markdown(described, figures, findings))
        console.print(f"written: {results}", highlight=False)


if __name__ == "__main__":
    main()
