"""Plans that everybody signed and that must have no effect, each with its reason."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace as altered

from bot.approvals.envelope import Envelope, encode_envelope
from bot.approvals.keyring import KeyRing, Person
from bot.approvals.plan import RISK_TYPE, encode_plan
from bot.approvals.refusals import Refusal
from bot.approvals.rules import HEAD_AGE_MAX, LASTS_MAX, Scene
from bot.ports import Delivery
from domain.events import (
    AccountUpdated,
    CommandAccepted,
    HaltRequested,
    OrderCanceled,
    PositionsReported,
)
from engine.fold import fold
from tests.bot.approvals.world import (
    ACTIONS,
    NAMES,
    SECRETS,
    SOLD_BY_HAND,
    STOPS,
    World,
    key_of,
    sign,
)
from tests.bot.samples import AT, CALL, after

SMALL_ORDER = ("01" + "00" * 31, "00" * 32, "ec" + "ff" * 30 + "7f")
OTHER_VALUES: dict[str, Any] = {
    "domain": "condorbot.plan.v2",
    "daemon": "desk-2",
    "account": "DU7654321",
    "environment": "live",
    "situation": ("all is well",),
    "worst_case_usd": "1",
    "journal_seq": 41,
    "journal_head": "cd" * 32,
    "epoch": 1,
    "nonce": "6f" * 16,
    "not_before": after(1),
    "expires": after(86_000),
}


SPOOL = Delivery("spool")


@dataclass(frozen=True)
class Vector:
    code: Refusal
    raw: bytes
    scene: Scene
    delivery: Delivery = SPOOL


Named = Iterator[tuple[str, Vector]]


def resigned(world: World, payload: bytes) -> bytes:
    envelope = Envelope(RISK_TYPE, payload)
    return encode_envelope(sign(envelope, *world.signers("resume")))


def misspelled(world: World) -> Named:
    """Plans that everybody signed, spelled in another way."""
    good = encode_plan(world.plan("resume"))
    body = json.loads(good)
    spelled = {
        "plan with blanks": json.dumps(body).encode(),
        "plan in another order": json.dumps(body, sort_keys=True, separators=(",", ":")).encode(),
        "plan with a field twice": good[:-1] + b',"epoch":0}',
        "plan with a newline behind": good + b"\n",
        "plan with escapes": good.replace(b'"domain"', b'"d\\u006fmain"'),
        "plan with another zero": good.replace(b'"epoch":0', b'"epoch":-0'),
        "plan in another time zone": good.replace(b"15:00:00Z", b"15:00:00+00:00"),
    }
    for name, payload in spelled.items():
        assert payload != good, name
        yield name, Vector(Refusal.PLAN_NOT_CANONICAL, resigned(world, payload), world.scene)


def malformed(world: World) -> Named:
    """Signed bytes that are no plan."""
    body = json.loads(encode_plan(world.plan("resume")))
    spoiled: dict[str, Any] = {f"{name} missing": without(body, name) for name in body}
    wrong: dict[str, Any] = {
        "domain": "two\nlines",
        "daemon": "Desk 1",
        "account": "",
        "environment": 5,
        "action": {"do": "buy", "why": "cheap"},
        "situation": "fine",
        "worst_case_usd": "1e9",
        "journal_seq": -1,
        "journal_head": "AB" * 32,
        "epoch": 1.5,
        "nonce": "5e" * 15,
        "not_before": "2018-01-16T15:00:00",
        "expires": "tomorrow",
    }
    spoiled |= {f"{name} nonsense": {**body, name: value} for name, value in wrong.items()}
    more = {
        "worst case negative": {"worst_case_usd": "-1"},
        "worst case padded": {"worst_case_usd": "0100000"},
        "worst case a number": {"worst_case_usd": 100_000},
        "an escape sequence for the terminal": {"action": {"do": "resume", "why": "\x1b[2J"}},
        "letters that look like others": {"action": {"do": "resume", "why": "r\u0435sume"}},
        "right to left": {"action": {"do": "resume", "why": "\u202eemuser"}},
        "no reason": {"action": {"do": "resume", "why": ""}},
        "no action": {"action": None},
        "two actions": {"action": [{"do": "resume", "why": "x"}] * 2},
        "an argument too many": {"action": {"do": "resume", "why": "x", "also": "y"}},
        "an unknown field": {"comment": "ignore me"},
        "too many facts": {"situation": ["x"] * 41},
        "a sequence beyond 64 bits": {"journal_seq": 2**70},
    }
    spoiled |= {name: {**body, **change} for name, change in more.items()}
    for name, value in spoiled.items():
        payload = json.dumps(value, separators=(",", ":")).encode()
        raw = resigned(world, payload)
        yield f"plan: {name}", Vector(Refusal.PLAN_MALFORMED, raw, world.scene)
    good = encode_plan(world.plan("resume"))
    for name, payload in {
        "nothing": b"",
        "text behind": good + b"x",
        "not UTF-8": good.replace(b"looked", b"l\xff\xffked"),
        "another format": b"\x83\xa6domain",
    }.items():
        yield f"plan: {name}", Vector(Refusal.PLAN_MALFORMED, resigned(world, payload), world.scene)


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def outlived(world: World) -> Named:
    """Times, nonces and replays."""
    hour = timedelta(hours=1)
    for action in ACTIONS:
        raw, used = world.raw(action), world.plan(action)
        late = world.scene_with(now=used.expires)
        yield f"{action} when it expires", Vector(Refusal.EXPIRED, raw, late)
        later = world.scene_with(now=used.expires + timedelta(days=30))
        yield f"{action} a month later", Vector(Refusal.EXPIRED, raw, later)
        early = world.scene_with(now=used.not_before - timedelta(microseconds=1))
        yield f"{action} before its time", Vector(Refusal.NOT_YET_VALID, raw, early)
        past = world.raw(action, not_before=AT - 2 * hour, expires=AT - hour)
        yield f"{action} expired when made", Vector(Refusal.EXPIRED, past, world.scene)
        future = world.raw(action, not_before=AT + hour, expires=AT + 2 * hour)
        yield f"{action} dated in the future", Vector(Refusal.NOT_YET_VALID, future, world.scene)
        long = world.raw(action, expires=AT + LASTS_MAX + timedelta(seconds=1))
        yield f"{action} valid for too long", Vector(Refusal.LASTS_TOO_LONG, long, world.scene)
        jumped = world.scene_with(epoch=1)
        yield f"{action} after the clock jumped", Vector(Refusal.VOIDED, raw, jumped)
        taken = world.scene_with(taken=frozenset({used.nonce}))
        yield f"{action} twice in one batch", Vector(Refusal.NONCE_USED, raw, taken)
        again = fold(
            world.desk,
            CommandAccepted(AT, used.nonce, used.expires, action, "00", NAMES[:1], "before"),
        )
        yield f"{action} replayed", Vector(Refusal.NONCE_USED, raw, world.scene_with(desk=again))


def overtaken(world: World) -> Named:
    """What was signed is no longer what would happen."""
    changes: dict[str, Callable[[], Any]] = {
        "resume": lambda: HaltRequested(after(9), "ben", "another reason"),
        "raise_limit": lambda: None,
        "adopt_position": lambda: PositionsReported(after(9), ((CALL, 5),)),
        "resolve_order": lambda: OrderCanceled(after(9), "cb-unsure-1", "by the broker"),
        "write_off": lambda: PositionsReported(after(9), ((SOLD_BY_HAND, 1),)),
    }
    for action in (name for name in ACTIONS if name not in STOPS):
        raw = world.raw(action)
        yield f"{action} beside another", Vector(Refusal.BUSY, raw, world.scene_with(busy=True))
        old = world.scene_with(since=lambda seq, head: HEAD_AGE_MAX + 1)
        yield f"{action} on an old head", Vector(Refusal.HEAD_TOO_OLD, raw, old)
        lost = world.scene_with(since=lambda seq, head: None)
        yield f"{action} on another journal", Vector(Refusal.HEAD_UNKNOWN, raw, lost)
        for name in ("journal_seq", "journal_head"):
            other = world.raw(action, **{name: OTHER_VALUES[name]})
            yield f"{action} on another {name}", Vector(Refusal.HEAD_UNKNOWN, other, world.scene)
        none = world.raw(action, journal_seq=0, journal_head="")
        yield f"{action} on no journal", Vector(Refusal.HEAD_UNKNOWN, none, world.scene)
        for name, facts in (("no", ()), ("other", ("all is well",))):
            shown = world.raw(action, situation=facts)
            yield f"{action} on {name} facts", Vector(Refusal.SITUATION_CHANGED, shown, world.scene)
        event = changes.get(action, lambda: None)()
        if event is not None:
            moved = world.scene_with(desk=fold(world.desk, event))
            yield f"{action} after something else", Vector(Refusal.SITUATION_CHANGED, raw, moved)
        cheap = world.raw(action, worst_case_usd="1")
        yield f"{action} for one dollar", Vector(Refusal.WORSE_THAN_SIGNED, cheap, world.scene)
    richer = fold(world.desk, AccountUpdated(AT, net_liquidation=Decimal(5_000_000)))
    grown = world.scene_with(desk=richer)
    yield (
        "resume of a larger account",
        Vector(Refusal.WORSE_THAN_SIGNED, world.raw("resume"), grown),
    )
    yield from impossible(world)


def impossible(world: World) -> Named:
    """Signed by everybody, and still not to be had."""
    limit, adopt = ACTIONS["raise_limit"], ACTIONS["adopt_position"]
    resolve, keys = ACTIONS["resolve_order"], ACTIONS["change_keys"]
    twin = Person("twin", "approver", key_of(SECRETS["anna"]))
    anna = Person("anna", "approver", key_of(SECRETS["anna"]))
    weak = Person("weak", "approver", SMALL_ORDER[0])
    cases: dict[str, tuple[str, dict[str, Any]]] = {
        "another limit": ("raise_limit", {"limit": "feed_age_s_max"}),
        "a limit beyond its ceiling": ("raise_limit", {"value": 13.0}),
        "a limit to where it is": ("raise_limit", {"value": 6.0}),
        "half a condor": ("raise_limit", {"value": 7.5}),
        "a limit below zero": ("raise_limit", {"value": -1.0}),
        "a limit for a year": ("raise_limit", {"until": after(365 * 86_400)}),
        "a limit until yesterday": ("raise_limit", {"until": after(-86_400)}),
        "more than the broker has": ("adopt_position", {"quantity": 4}),
        "less than the broker has": ("adopt_position", {"quantity": 2}),
        "none of it": ("adopt_position", {"quantity": 0}),
        "a contract nobody knows": ("adopt_position", {"contract": "VIX 2030-01-01 20 C"}),
        "an order nobody knows": ("resolve_order", {"order_ref": "cb-other"}),
        "more than was ordered": ("resolve_order", {"filled": 3}),
        "a price short": ("resolve_order", {"prices": ("1",)}),
        "prices of nothing": ("resolve_order", {"filled": 0}),
        "a price for each of two legs": ("write_off", {"prices": ("0.45", "0.45")}),
        "no price": ("write_off", {"prices": ()}),
        "a campaign nobody knows": ("write_off", {"campaign": "cb-other"}),
        "an order in a campaign's place": ("write_off", {"campaign": "cb-unsure-1"}),
        "nobody left to sign": ("change_keys", {"ring": KeyRing(1, ())}),
        "more needed than there are": ("change_keys", {"ring": KeyRing(2, (anna,))}),
        "one key, two names": ("change_keys", {"ring": KeyRing(1, (anna, twin))}),
        "a small-order key": ("change_keys", {"ring": KeyRing(1, (anna, weak))}),
        "the ring in force": ("change_keys", {"ring": world.ring}),
    }
    actions = {
        "raise_limit": limit,
        "adopt_position": adopt,
        "resolve_order": resolve,
        "write_off": ACTIONS["write_off"],
        "change_keys": keys,
    }
    for name, (action, change) in cases.items():
        asked = altered(actions[action], **change)  # type: ignore[type-var]
        raw = world.raw(action, action=asked, worst_case_usd="999999999")
        yield name, Vector(Refusal.NOT_POSSIBLE, raw, world.scene)
