"""How does a valid file become one that lies? By mutations that keep most of it.

Bits flip, the end is cut, pieces are copied, moved and thrown away, numbers become the largest and
smallest there are, words of the format stand where they should not. JSON is changed as a tree too.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Mutation = Callable[[st.DrawFn, bytes, Sequence[bytes]], bytes]

_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
)
_JSON: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, 10**400, 2**63, -(2**70), float("nan"), float("inf"), "", "x",
    "../../x", "\x00", "é" * 300, [], {}, [[]], [None], {"": None}, [1, 2, 3], "1e999", [0.5] * 3,
)  # fmt: skip


def _place(draw: st.DrawFn, data: bytes) -> int:
    # Headers stand at the front and directories at the end; the middle is mostly pixels.
    where = draw(st.sampled_from(("front", "end", "any")))
    last = len(data)
    if where == "front":
        return draw(st.integers(0, min(last, 64)))
    if where == "end":
        return last - draw(st.integers(0, min(last, 128)))
    return draw(st.integers(0, last))


def _flip(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        if changed:
            place = min(_place(draw, data), len(changed) - 1)
            changed[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(changed)


def _cut(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    return data[: _place(draw, data)]


def _remove(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    begin, n_bytes = _place(draw, data), draw(st.integers(1, 64))
    return data[:begin] + data[begin + n_bytes :]


def _repeat(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    begin, n_bytes = _place(draw, data), draw(st.integers(1, 256))
    times = draw(st.sampled_from((2, 3, 50, 2000)))
    return data[:begin] + data[begin : begin + n_bytes] * times + data[begin + n_bytes :]


def _insert(draw: st.DrawFn, data: bytes, words: Sequence[bytes]) -> bytes:
    place = _place(draw, data)
    new = draw(st.one_of(st.binary(max_size=16), st.sampled_from(list(words) or [b"\0"])))
    return data[:place] + new + data[place:]


def _overwrite(draw: st.DrawFn, data: bytes, words: Sequence[bytes]) -> bytes:
    place = _place(draw, data)
    new = draw(st.sampled_from(list(words) or [b"\0"]))
    return data[:place] + new + data[place + len(new) :]


def _lie(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    place, width = _place(draw, data), draw(st.sampled_from((1, 2, 4, 8)))
    number = draw(st.sampled_from(_NUMBERS)) % 256**width
    new: bytes = number.to_bytes(width, "little" if draw(st.booleans()) else "big")
    return data[:place] + new + data[place + width :]


def _move(draw: st.DrawFn, data: bytes, _words: Sequence[bytes]) -> bytes:
    begin, n_bytes = _place(draw, data), draw(st.integers(1, 64))
    piece, rest = data[begin : begin + n_bytes], data[:begin] + data[begin + n_bytes :]
    place = _place(draw, rest)
    return rest[:place] + piece + rest[place:]


def _swap_word(draw: st.DrawFn, data: bytes, words: Sequence[bytes]) -> bytes:
    present = [word for word in words if word and word in data]
    if not present:
        return _insert(draw, data, words)
    old, new = draw(st.sampled_from(present)), draw(st.sampled_from(list(words)))
    return data.replace(old, new, draw(st.sampled_from((1, -1))))


_BYTES: tuple[Mutation, ...] = (
    _flip, _cut, _remove, _repeat, _insert, _overwrite, _lie, _move, _swap_word,
)  # fmt: skip


@st.composite
def mutated(
    draw: st.DrawFn, seeds: Sequence[bytes], words: Sequence[bytes] = (), *, is_json: bool = False
) -> bytes:
    """Draw one of ``seeds``, changed one to four times with ``words`` of its format."""
    data = draw(st.sampled_from(list(seeds)))
    if is_json and draw(st.booleans()):
        return _mutated_tree(draw, data)
    for _ in range(draw(st.integers(1, 4))):
        data = draw(st.sampled_from(_BYTES))(draw, data, words)
        if len(data) > 4_000_000:
            break
    return data


def _mutated_tree(draw: st.DrawFn, data: bytes) -> bytes:
    """Change one to three nodes of a JSON document."""
    tree: Any = json.loads(data)
    for _ in range(draw(st.integers(1, 3))):
        tree = _changed_node(draw, tree)
    return json.dumps(tree).encode()


def _changed_node(draw: st.DrawFn, node: Any) -> Any:
    keys: list[Any] = []
    if isinstance(node, dict):
        keys = list(node)
    elif isinstance(node, list):
        keys = list(range(min(len(node), 8)))
    if not keys or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(_JSON))
    key = draw(st.sampled_from(keys))
    if draw(st.integers(0, 5)) == 0:
        kept = dict(node) if isinstance(node, dict) else list(node)
        del kept[key]
        return kept
    changed = node.copy()
    changed[key] = _changed_node(draw, node[key])
    return changed
