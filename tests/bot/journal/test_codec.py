"""Records to bytes and back."""

import json
from dataclasses import replace

import pytest

from bot.journal.codec import (
    EFFECT_TYPES,
    EVENT_TYPES,
    UnreadableRecord,
    decode,
    encode,
    from_micros,
    is_fleeting,
    micros,
    pack,
    unpack,
)
from domain.effects import AskMargin, PlaceOrder, RecordDecision
from domain.events import ClockTicked
from tests.bot.samples import AT, EFFECTS, EVENTS, after, condor_order

ALL = [*EVENTS, *EFFECTS]


def test_the_samples_cover_every_kind_of_event_and_effect():
    assert {type(sample) for sample in ALL} == {*EVENT_TYPES, *EFFECT_TYPES}


@pytest.mark.parametrize("record", ALL, ids=lambda record: type(record).__name__)
def test_a_record_comes_back_equal(record):
    kind, body = encode(record)
    assert decode(kind, body) == record
    json.loads(body)


def test_prices_and_ticks_come_back_packed_with_their_places():
    fleeting = [(place, event) for place, event in enumerate(EVENTS) if is_fleeting(event)]
    numbers: dict = {}

    body = pack(fleeting, lambda contract: numbers.setdefault(contract, len(numbers) + 1))
    contracts = {number: contract for contract, number in numbers.items()}

    assert unpack(body, contracts.__getitem__) == fleeting
    assert len(fleeting) == 3


def test_equal_sets_have_equal_bytes_whatever_their_order():
    names = [f"exec-{n}" for n in range(20)]
    one = replace(condor_order(), exec_ids=frozenset(names))
    other = replace(condor_order(), exec_ids=frozenset(reversed(names)))
    assert encode(PlaceOrder(one)) == encode(PlaceOrder(other))


def test_a_number_nobody_had_is_left_out_of_the_inputs():
    decision = next(effect for effect in EFFECTS if isinstance(effect, RecordDecision))
    odd = replace(decision, inputs=(("cap", 0.4), ("vix", float("nan")), ("x", float("inf"))))

    assert decode(*encode(odd)) == replace(decision, inputs=(("cap", 0.4),))


@pytest.mark.parametrize("kind", [AskMargin, PlaceOrder])
def test_nor_is_it_in_those_of_an_order_which_could_not_be_read_back(kind):
    """A roll beside a call without any price: what the hedge uses is infinite, and it fits."""
    order = condor_order()
    sane = (("cap", 0.4),)
    intent = replace(order.intent, inputs=(*sane, ("used", float("inf"))))
    found = decode(*encode(kind(replace(order, intent=intent))))
    assert found == kind(replace(order, intent=replace(order.intent, inputs=sane)))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("NoSuchEvent", b"{}"),
        ("ClockTicked", b"{}"),
        ("ClockTicked", b"\xff"),
        ("BrokerReady", b"[]"),
    ],
)
def test_bytes_that_are_no_record_are_refused(kind, body):
    with pytest.raises(UnreadableRecord, match=kind):
        decode(kind, body)


def test_times_survive_to_the_microsecond():
    at = after(0.123457)
    assert from_micros(micros(at)) == at
    assert decode(*encode(ClockTicked(at))) == ClockTicked(at)
    assert micros(AT) == 1_516_114_800_000_000
