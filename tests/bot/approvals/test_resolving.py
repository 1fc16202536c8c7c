"""What a resolved order leaves on the desk, and key rings that would undo a revocation."""

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace as altered

from bot.approvals.consequences import consequences
from bot.approvals.keyring import KeyRing
from bot.approvals.plan import (
    ChangeKeys,
    ResolveOrder,
    UnreadablePlan,
    decode_plan,
    encode_plan,
)
from bot.approvals.rules import Approved
from bot.approvals.situation import impossible
from domain.desk import Desk
from domain.events import KeyRingChanged, OrderFilled
from engine.fold import fold
from tests.bot.approvals.world import ORDER, POLICY, STRANGER, World, encode_ring, key_of, ring_of
from tests.bot.samples import AT, LONG_PUT, after

PRICES = ("10.00", "12.10", "9.05", "7.95")


def resolved(world: World, desk: Desk, filled: int) -> Desk:
    action = ResolveOrder("seen in TWS", ORDER.order_ref, filled, PRICES if filled else ())
    plan = world.plan(
        "resolve_order", action=action, not_before=AT, expires=AT + timedelta(hours=1)
    )
    for event in consequences(after(60), Approved(plan, ("anna", "ben")), desk):
        desk = fold(desk, event)
    return desk


@pytest.mark.parametrize("filled", [0, 1])
def test_no_execution_that_the_broker_told_is_taken_back(filled: int) -> None:
    world = World(2, 3)
    told = OrderFilled(AT, ORDER.order_ref, "e1", 1, LONG_PUT, 2, Decimal("9.50"))
    desk = fold(world.desk, told)
    assert desk.book.positions()[LONG_PUT] == 2
    assert resolved(world, desk, filled).book.positions()[LONG_PUT] == 2


@pytest.mark.parametrize(("price", "fits"), [("0.05", True), ("0", True), ("-0.05", False)])
def test_nobody_pays_less_than_nothing_for_an_option(price: str, *, fits: bool) -> None:
    plan = World(2, 3).plan("resolve_order")
    changed = altered(plan, action=altered(plan.action, prices=(price, *PRICES[1:])))
    if fits:
        assert decode_plan(encode_plan(changed)) == changed
    else:
        with pytest.raises(UnreadablePlan):
            decode_plan(encode_plan(changed))


def test_a_key_ring_keeps_every_revoked_key() -> None:
    world = World(2, 3)
    gone = key_of(STRANGER)
    ring = KeyRing(2, ring_of(2, 3).persons, (gone,))
    desk = fold(world.desk, KeyRingChanged(AT, encode_ring(ring).decode(), "anna, ben"))
    forgetful = ChangeKeys("tidying up", ring_of(2, 2))
    assert "revoked" in (impossible(desk, POLICY, forgetful) or "")
    kept = ChangeKeys("eli leaves", KeyRing(2, ring_of(2, 2).persons, (gone,)))
    assert impossible(desk, POLICY, kept) is None
