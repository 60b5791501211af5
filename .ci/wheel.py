"""Check that a wheel holds the package with all its data, and nothing else: python .ci/wheel.py WHEEL"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def main(wheel: str) -> str | None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        size = Path(wheel).stat().st_size
    wanted = {
        path.as_posix()
        for path in Path("gdrun").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.suffix != ".pyc"
    }
    if missing := sorted(wanted - held):
        return f"{wheel} lacks {', '.join(missing)}"
    if foreign := sorted(held - wanted):
        return f"{wheel} holds {', '.join(foreign)}, no part of the package"
    print(f"{len(held)} files, {size / 1e6:.1f} MB: all of gdrun/ and nothing else")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
