"""run.log: what was said about a run, for reading later."""

from __future__ import annotations

import logging
import time
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
        self._append(record.created, record.levelname, self.format(record))

    def tell(self, text: str) -> None:
        """Append a line that is about this run alone."""
        self._append(time.time(), "INFO", text)

    def _append(self, seconds: float, level: str, text: str) -> None:
        moment = datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="milliseconds")
        text = printable(text).replace("\n", "\n    ")
        file = Appender(self.path)
        try:
            file.append(f"{moment} {level} {text}\n".encode("utf-8", "backslashreplace"))
        finally:
            file.close()
