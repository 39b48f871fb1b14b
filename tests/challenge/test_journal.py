import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge_cohort import OPENS
from cygnet.challenge.journal import GENESIS, Act, canonical, next_act, verify
from cygnet.errors import InputError


def chain(n_acts: int, text: str = "a") -> list[Act]:
    acts: list[Act] = []
    for number in range(n_acts):
        acts.append(
            next_act(
                acts[-1] if acts else None,
                moment=OPENS + timedelta(seconds=number),
                kind="submission",
                details={"id": number, "by": text, "of": ["é", None, 0.5]},
            )
        )
    return acts


def test_a_whole_chain_holds_and_contains_each_of_its_heads() -> None:
    acts = chain(5)
    assert verify(acts).ok
    assert verify(acts).head == acts[-1].head
    assert all(verify(acts, head=act.head).ok for act in acts)
    assert verify([]).ok
    assert verify([], head=GENESIS).ok


def test_a_chain_survives_its_lines() -> None:
    acts = chain(3)
    lines = [json.dumps(act.as_json()) for act in acts]
    assert verify(Act.from_json(json.loads(line)) for line in lines) == verify(acts)


@pytest.mark.parametrize(
    "changes",
    [
        {"moment": "2020-05-28T00:00:00+00:00"},
        {"kind": "ban"},
        {"details": {"id": 99}},
        {"previous": GENESIS},
        {"head": "f" * 64},
        {"number": 7},
    ],
)
def test_any_change_of_an_act_is_found(changes: dict[str, object]) -> None:
    acts = chain(5)
    acts[2] = replace(acts[2], **changes)  # type: ignore[arg-type]
    verdict = verify(acts)
    assert not verdict.ok
    assert verdict.at in {3, 4}


def test_acts_left_out_exchanged_or_put_first_are_found() -> None:
    acts = chain(5)
    for changed in (acts[:2] + acts[3:], acts[1:], [*acts[:1], acts[2], acts[1], *acts[3:]]):
        assert not verify(changed).ok


def test_a_chain_that_was_cut_does_not_contain_a_later_head() -> None:
    acts = chain(5)
    verdict = verify(acts[:3], head=acts[4].head)
    assert not verdict.ok
    assert verdict.problem == "the head is not in this journal: it was cut or written anew"
    assert verify(acts[:3], head=acts[2].head).ok


def test_a_chain_written_anew_does_not_contain_an_old_head() -> None:
    old, new = chain(5), chain(5, "b")
    assert verify(new).ok
    assert not any(verify(new, head=act.head).ok for act in old)


def test_what_json_cannot_hold_is_refused() -> None:
    for details in ({"x": float("nan")}, {"x": object()}):
        with pytest.raises(InputError, match="cannot hold"):
            next_act(None, moment=OPENS, kind="x", details=details)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"number": "1"},
        {**chain(1)[0].as_json(), "more": 1},
        {**chain(1)[0].as_json(), "number": True},
    ],
)
def test_what_is_no_act_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(InputError, match="no act"):
        Act.from_json(document)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=4))
def test_details_have_one_spelling_whatever_their_order(details: dict[str, object]) -> None:
    turned = dict(reversed(details.items()))
    assert canonical(details) == canonical(turned)
    assert json.loads(canonical(details)) == details
