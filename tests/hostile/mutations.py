"""Damaged copies of good files, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

YAML_PIECES = (
    *(b"{", b"}", b"[", b"]", b":", b"- ", b", ", b"\n", b"  ", b"\t", b"#", b"&a ", b"*a", b"!!", b"%"),
    *(b"|\n", b">\n", b"'", b'"', b"\\", b"\\x", b"? ", b"---\n", b"...\n", b"<<: *m", b"*m", b"name: "),
    *(b"\x00", b"\x1b", b"\x7f", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\r"),
    *(b"null", b"~", b"true", b".nan", b"-.inf", b"1e999", b"-1", b"0", b"9" * 500, b"0x", b"{name: }"),
)
TEXT_PIECES = (
    *(b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\x00", b"\x1b[2J"),
    *(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\x00\x00", b"\xff", b"\xc3", b"\xe2\x80\xae"),
    *(b"nan", b"inf", b"-inf", b"1e999", b"NA", b"1_000", b"0x10", b"=1+1", b"9" * 400, b"x" * 2000),
)
BINARY_PIECES = (
    *(b"\x00", b"\x00" * 8, b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80"),
    *(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x93NUMPY", b"|O", b"<f8", b"(1,)", b"99999999999"),
    *(b"\x1f\x8b", b"PAR1", b"'shape': (", b"True", b"\x01\x00", b"\n", b" "),
)


def mutated(content: bytes, source: random.Random, pieces: Sequence[bytes]) -> bytes:
    """The content with a few bytes changed, cut, doubled or moved, or with some of the pieces put in."""
    for _ in range(source.randint(1, 4)):
        start = source.randrange(len(content) + 1)
        stop = min(len(content), start + source.choice([0, 1, 1, 2, 10, 60]))
        match source.randrange(8):
            case 0:
                content = content[:start] + content[stop:]
            case 1:
                content = content[:start] + content[start:stop] * 2 + content[stop:]
            case 2:
                content = content[:start] + bytes([source.randrange(256)]) + content[start + 1 :]
            case 3:
                content = content[:start] + bytes(reversed(content[start:stop])) + content[stop:]
            case 4 if source.random() < 0.3:
                content = content[:start]
            case _:
                content = content[:start] + source.choice(pieces) + content[stop:]
    return content
