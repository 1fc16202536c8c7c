"""A halted desk, people with keys, and plans that would be accepted: what the vectors spoil."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace as altered
from nacl.signing import SigningKey

from bot.approvals.envelope import Envelope, encode_envelope, sealed, signed
from bot.approvals.keyring import KeyRing, Person, encode_ring
from bot.approvals.plan import (
    DOMAIN,
    AcceptConfig,
    Action,
    AdoptPosition,
    ChangeKeys,
    Halt,
    Plan,
    RaiseLimit,
    Reduce,
    ResolveOrder,
    Resume,
    WriteOff,
)
from bot.approvals.rules import Scene
from bot.approvals.situation import bound, facts, worst_case
from config.load import session_calendar
from domain.desk import Desk
from domain.effects import PlaceOrder
from domain.events import (
    AccountUpdated,
    HaltRequested,
    KeyRingChanged,
    OrderFilled,
    OrderUncertain,
    PositionsReported,
)
from domain.orders import Layer, Leg, Purpose
from engine.fold import apply_effect, fold
from engine.policy import Policy
from engine.step import open_desk
from tests.bot.samples import AT, CALL, after, condor_order
from tests.builders import order

NAMES = ("anna", "ben", "cleo", "dana", "eli")
SECRETS = {name: SigningKey(bytes([number]) * 32) for number, name in enumerate(NAMES, 1)}
STRANGER = SigningKey(b"?" * 32)
STOPPER = SigningKey(b"!" * 32)
HEAD = "ab" * 32
SEQ = 40
DAEMON, ACCOUNT = "desk-1", "DU1234567"
POLICY = Policy()
ORDER = condor_order("cb-unsure-1")
SOLD_BY_HAND = replace(CALL, strike=CALL.strike + 5)
BOUGHT = order(
    "cb-hand-1", Purpose.BUY_HEDGE, Layer.HEDGE_SHORT, (Leg(SOLD_BY_HAND, 1),), 2, "0.70", at=AT
)


def key_of(secret: SigningKey) -> str:
    return secret.verify_key.encode().hex()


def ring_of(needed: int, people: int) -> KeyRing:
    persons = tuple(Person(name, "approver", key_of(SECRETS[name])) for name in NAMES[:people])
    return KeyRing(needed, (*persons, Person("watch", "stopper", key_of(STOPPER))))


def halted_desk(ring: KeyRing) -> Desk:
    """With an order nobody answers for, a call the book cannot explain, two that only the book
    knows, and a halt.
    """
    desk = apply_effect(open_desk(session_calendar(), POLICY, AT), PlaceOrder(ORDER))
    desk = apply_effect(desk, PlaceOrder(BOUGHT))
    bought = OrderFilled(AT, BOUGHT.order_ref, "hand", 1, SOLD_BY_HAND, 2, Decimal("0.70"))
    for event in (
        AccountUpdated(AT, net_liquidation=Decimal(1_000_000)),
        KeyRingChanged(AT, encode_ring(ring).decode(), "ceremony"),
        bought,
        OrderUncertain(AT, ORDER.order_ref, "no answer"),
        PositionsReported(AT, ((CALL, 3),)),
        HaltRequested(AT, "anna", "something smells"),
    ):
        desk = fold(desk, event)
    return desk


ACTIONS: dict[str, Action] = {
    "halt": Halt("stop it"),
    "reduce": Reduce("less of it"),
    "resume": Resume("looked at it"),
    "raise_limit": RaiseLimit("a good day", "condors_max", 8.0, after(86_400)),
    "adopt_position": AdoptPosition("bought by hand", CALL.label, 3),
    "resolve_order": ResolveOrder(
        "seen in TWS", ORDER.order_ref, 2, ("10.00", "12.10", "9.05", "7.95")
    ),
    "write_off": WriteOff("sold in TWS", BOUGHT.order_ref, ("0.45",)),
    "accept_config": AcceptConfig("new port", "c0ffeec0ffeec0ff", 0.1, 0.02),
    "change_keys": ChangeKeys("eli leaves", ring_of(1, 2)),
}
STOPS = ("halt", "reduce")


@dataclass
class World:
    """``needed`` of ``people`` must sign. ``plan`` is acceptable now."""

    needed: int
    people: int
    desk: Desk = field(init=False)
    ring: KeyRing = field(init=False)

    def __post_init__(self) -> None:
        self.ring = ring_of(self.needed, self.people)
        self.desk = halted_desk(self.ring)

    @property
    def scene(self) -> Scene:
        return Scene(
            DAEMON,
            ACCOUNT,
            after(60),
            self.desk,
            POLICY,
            self.ring,
            self.desk.approvals.epoch,
            lambda seq, head: 5 if (seq, head) == (SEQ, HEAD) else None,
        )

    def scene_with(self, **changes: Any) -> Scene:
        return replace(self.scene, **changes)

    def plan(self, name: str, **changes: Any) -> Plan:
        asked = changes.pop("action", ACTIONS[name])
        stops = name in STOPS
        worst = worst_case(self.desk, POLICY, asked)
        plan = Plan(
            DOMAIN,
            DAEMON,
            ACCOUNT,
            "paper",
            asked,
            facts(self.desk, POLICY, asked),
            f"{bound(worst or Decimal(0)):f}",
            0 if stops else SEQ,
            "" if stops else HEAD,
            self.desk.approvals.epoch,
            "5e" * 16,
            AT,
            AT + timedelta(hours=1),
        )
        return altered(plan, **changes)

    def signers(self, action: str) -> tuple[SigningKey, ...]:
        count = 1 if action in STOPS else self.needed
        return tuple(SECRETS[name] for name in NAMES[:count])

    def envelope(self, name: str, **changes: Any) -> Envelope:
        return sign(sealed(self.plan(name, **changes)), *self.signers(name))

    def raw(self, name: str, **changes: Any) -> bytes:
        return encode_envelope(self.envelope(name, **changes))


def sign(envelope: Envelope, *secrets: SigningKey) -> Envelope:
    for secret in secrets:
        envelope = signed(envelope, secret)
    return envelope


NOON = datetime(2018, 1, 16, 12, tzinfo=UTC)
