"""Small pictures inside the page: indexed PNG files as data addresses."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int, int]  # red, green, blue, opacity; 0 to 255 each


def picture(pixels: NDArray[np.uint8], palette: Sequence[Colour]) -> str:
    """The data address of a picture.

    Args:
        pixels: (height, width), numbers of colours in the palette; the first row is the top one.
        palette: at most 256 colours.
    """
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), np.uint8)  # every row begins with its filter: none
    rows[:, 1:] = pixels
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # 8 bits a pixel, a palette
    content = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", bytes(value for colour in palette for value in colour[:3])),
            _chunk(b"tRNS", bytes(colour[3] for colour in palette)),
            _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9)),
            _chunk(b"IEND", b""),
        )
    )
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
