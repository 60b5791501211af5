"""run.log: what was said about a run, for reading later."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from gdrun.run_directory.growing import Appender
from gdrun.text import printable


class RunLogHandler(logging.Handler):
    """A logging handler that appends a line a record to a run's run.log.

    The file is not kept open, since a stack may have thousands of runs, each with few lines. Unlike other
    handlers it lets a failure through: a `SystemRefusedError` ends the run rather than scroll by.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        time = datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")
        text = printable(self.format(record)).replace("\n", "\n    ")
        file = Appender(self.path)
        try:
            file.append(f"{time} {record.levelname} {text}\n".encode("utf-8", "backslashreplace"))
        finally:
            file.close()
