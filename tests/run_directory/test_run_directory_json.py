"""JSON of many documents that share a part: the same bytes as if each had one of its own."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gdrun.run_directory.json_files import Shared, to_json

TEXTS = st.text(max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)


def finite(value):
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@given(st.dictionaries(TEXTS, VALUES, max_size=5), st.dictionaries(TEXTS, VALUES, max_size=4))
def test_a_shared_part_gives_the_bytes_of_one_of_its_own(document, part):
    expected = json.dumps(finite(document | {"data": part}), ensure_ascii=False, allow_nan=False, indent=2)
    content, names = to_json(document | {"data": part})
    assert content == expected.encode("utf-8", "backslashreplace") + b"\n"
    shared = Shared(part)
    for _ in range(2):
        assert to_json(document | {"data": shared}) == (content, names)


def test_non_finite_numbers_of_a_shared_part_are_named_in_full():
    shared = Shared({"means": [1.0, math.nan], "scale": np.float64(math.inf)})
    assert to_json({"reason": None, "data": shared})[1] == ["data.means.1", "data.scale"]


def test_a_shared_part_travels_as_a_plain_one():
    shared = Shared({"labels": ["a"]})
    assert shared.encoded[1] == []
    travelled = pickle.loads(pickle.dumps(shared))
    assert type(travelled) is dict
    assert travelled == shared == {"labels": ["a"]}
