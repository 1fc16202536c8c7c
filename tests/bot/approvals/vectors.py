"""Commands that must have no effect, made from good ones: each with its reason."""

import json

from msgspec.structs import replace as altered
from nacl.signing import SigningKey

from bot.approvals.envelope import (
    COMMAND_BYTES_MAX,
    Envelope,
    Signature,
    encode_envelope,
    sealed,
    signed_text,
)
from bot.approvals.keyring import KeyRing, Person
from bot.approvals.plan import RISK_TYPE, STOP_TYPE, encode_plan
from bot.approvals.refusals import Refusal
from bot.ports import Delivery
from domain.events import HaltRequested
from engine.fold import fold
from tests.bot.approvals.spoiled_plans import (
    OTHER_VALUES,
    SMALL_ORDER,
    Named,
    Vector,
    malformed,
    misspelled,
    outlived,
    overtaken,
)
from tests.bot.approvals.world import (
    ACTIONS,
    SECRETS,
    STOPPER,
    STOPS,
    STRANGER,
    World,
    key_of,
    sign,
)
from tests.bot.samples import AT

GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
IDENTITY = SMALL_ORDER[0]


def vectors(world: World) -> dict[str, Vector]:
    """By a name that says what was done to the command."""
    found: dict[str, Vector] = {}
    for make in (
        delivered, shaped, altered_after_signing, misaddressed, badly_signed, wrongly_signed,
        misspelled, malformed, outlived, overtaken,
    ):  # fmt: skip
        for name, vector in make(world):
            assert name not in found, name
            found[name] = vector
    return found


def delivered(world: World) -> Named:
    for action in ACTIONS:
        raw, scene = world.raw(action), world.scene
        yield (
            f"{action} retained",
            Vector(Refusal.RETAINED, raw, scene, Delivery("mqtt", retained=True)),
        )
        copy = Delivery("mqtt", duplicate=True)
        yield f"{action} delivered twice", Vector(Refusal.DUPLICATE, raw, scene, copy)


def shaped(world: World) -> Named:
    """Bytes that are no envelope, or one in another spelling."""
    good, scene = world.raw("resume"), world.scene
    body = json.loads(good)
    broken: dict[str, bytes] = {
        "empty": b"",
        "null": b"null",
        "not UTF-8": b"\xff\xfe" + good,
        "invalid UTF-8 inside": good.replace(b"payload_type", b"payload\xc3type"),
        "cut short": good[:-1],
        "a list": b"[" + good + b"]",
        "deeply nested": b"[" * 10_000,
        "trailing bytes": good + b"{}",
        "binary zeros": b"\0" * 64,
        "an unknown field": json.dumps({**body, "note": 1}).encode(),
        "payload not base64": json.dumps({**body, "payload": "***"}).encode(),
        "payload a number": json.dumps({**body, "payload": 7}).encode(),
        "type missing": json.dumps({k: v for k, v in body.items() if k != "payload_type"}).encode(),
        "payload missing": json.dumps({k: v for k, v in body.items() if k != "payload"}).encode(),
        "signatures a text": json.dumps({**body, "signatures": "all"}).encode(),
        "a key in capitals": good.replace(body["signatures"][0]["key"].encode(),
                                          body["signatures"][0]["key"].upper().encode()),
        "a short signature": good.replace(body["signatures"][0]["signature"].encode(), b"00"),
    }  # fmt: skip
    for name, raw in broken.items():
        yield name, Vector(Refusal.MALFORMED, raw, scene)
    spelled = {
        "a blank in front": b" " + good,
        "a newline behind": good + b"\n",
        "blanks inside": json.dumps(body).encode(),
        "fields in another order": json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        if list(body) != sorted(body) else good.replace(b'{"payload_type"', b'{ "payload_type"'),
        "a field twice": good[:-1] + b"," + good[1:],
        "letters escaped": good.replace(b'"payload_type"', b'"p\\u0061yload_type"'),
    }  # fmt: skip
    for name, raw in spelled.items():
        yield name, Vector(Refusal.NOT_CANONICAL, raw, scene)
    two = sign(sealed(world.plan("halt")), SECRETS["anna"], STOPPER)
    backwards = altered(two, signatures=two.signatures[::-1])
    yield "signatures unsorted", Vector(Refusal.NOT_CANONICAL, encode_envelope(backwards), scene)
    for size in (COMMAND_BYTES_MAX + 1, 1_000_000):
        yield f"{size} bytes", Vector(Refusal.TOO_LARGE, good + b" " * (size - len(good)), scene)
    long = world.raw("resume", situation=("x" * 300,) * 40)
    assert len(long) < COMMAND_BYTES_MAX
    yield "a situation that nobody is in", Vector(Refusal.SITUATION_CHANGED, long, scene)
    yield "honest but too long", too_long(world)


def too_long(world: World) -> Vector:
    """Every other rule is kept: a situation so long that the command is."""
    wide = World(world.needed, world.people)
    wide.desk = fold(world.desk, HaltRequested(AT, "anna", '"' * 20_000))
    raw = wide.raw("resume")
    assert len(raw) > COMMAND_BYTES_MAX
    return Vector(Refusal.TOO_LARGE, raw, wide.scene)


def altered_after_signing(world: World) -> Named:
    """Any field of any plan changed: the signatures are over something else."""
    for action in ACTIONS:
        good = world.envelope(action)
        plan = world.plan(action)
        for name, value in OTHER_VALUES.items():
            changed = altered(plan, **{name: value})
            raw = encode_envelope(altered(good, payload=encode_plan(changed)))
            yield f"{action} {name} changed", Vector(Refusal.BAD_SIGNATURE, raw, world.scene)
        other = "reduce" if action == "halt" else "halt"
        swapped = altered(plan, action=ACTIONS[other])
        raw = encode_envelope(altered(good, payload=encode_plan(swapped)))
        yield f"{action} became {other}", Vector(Refusal.BAD_SIGNATURE, raw, world.scene)


def misaddressed(world: World) -> Named:
    """Signed by everyone who must, and meant for something else."""
    codes = {
        "domain": Refusal.WRONG_DOMAIN,
        "daemon": Refusal.WRONG_DAEMON,
        "account": Refusal.WRONG_ACCOUNT,
        "environment": Refusal.WRONG_ENVIRONMENT,
        "epoch": Refusal.VOIDED,
    }
    for action in ACTIONS:
        for name, code in codes.items():
            raw = world.raw(action, **{name: OTHER_VALUES[name]})
            yield f"{action} for another {name}", Vector(code, raw, world.scene)
        unpinned = world.scene_with(account="")
        raw = world.raw(action, account=" ")
        yield f"{action} where no account is pinned", Vector(Refusal.WRONG_ACCOUNT, raw, unpinned)
    for action in (name for name in ACTIONS if name not in STOPS):
        risky = altered(sealed(world.plan(action)), payload_type=STOP_TYPE)
        raw = encode_envelope(sign(risky, *world.signers(action)))
        yield f"{action} signed as a stop", Vector(Refusal.WRONG_CLASS, raw, world.scene)
        one = encode_envelope(sign(risky, SECRETS["anna"]))
        if one != raw:
            yield f"{action} signed as a stop by one", Vector(Refusal.WRONG_CLASS, one, world.scene)
        watcher = encode_envelope(sign(risky, STOPPER))
        yield f"{action} as a stop by a stopper", Vector(Refusal.WRONG_CLASS, watcher, world.scene)
    kinds = ("", "application/json", RISK_TYPE + " ", RISK_TYPE.replace("v1", "v2"), "a" * 100)
    for kind in kinds:
        other = altered(sealed(world.plan("resume")), payload_type=kind)
        raw = encode_envelope(sign(other, *world.signers("resume")))
        yield f"signed as {kind!r}", Vector(Refusal.WRONG_CLASS, raw, world.scene)


def badly_signed(world: World) -> Named:
    """The right people, the wrong numbers."""
    good = world.envelope("resume")
    for place in range(0, 64, 4):
        first = bytearray.fromhex(good.signatures[0].signature)
        first[place] ^= 1
        yield f"bit {8 * place} flipped", forged(world, good, bytes(first).hex())
    first_s = bytes.fromhex(good.signatures[0].signature)
    stretched = int.from_bytes(first_s[32:], "little") + GROUP_ORDER
    malleated = first_s[:32] + stretched.to_bytes(32, "little")
    yield "S plus the group order", forged(world, good, malleated.hex())
    yield "zeros", forged(world, good, "00" * 64)
    yield "R is the identity, S is 0", forged(world, good, IDENTITY + "00" * 32)
    other = world.envelope("resume", nonce="7a" * 16)
    yield "a signature of another plan", forged(world, good, other.signatures[0].signature)
    holder = next(s for s in SECRETS.values() if key_of(s) == good.signatures[0].key)
    bare = holder.sign(good.payload).signature.hex()
    yield "signed without the type", forged(world, good, bare)
    as_stop = holder.sign(signed_text(altered(good, payload_type=STOP_TYPE))).signature.hex()
    yield "signed as another type", forged(world, good, as_stop)
    for number, key in enumerate(SMALL_ORDER):
        anyone = KeyRing(1, (Person("mallory", "approver", key),))
        pretended = altered(good, signatures=(Signature(key, IDENTITY + "00" * 32),))
        scene = world.scene_with(ring=anyone)
        raw = encode_envelope(pretended)
        yield f"small-order key {number}", Vector(Refusal.BAD_SIGNATURE, raw, scene)


def forged(world: World, good: Envelope, signature: str) -> Vector:
    first = altered(good.signatures[0], signature=signature)
    raw = encode_envelope(altered(good, signatures=(first, *good.signatures[1:])))
    return Vector(Refusal.BAD_SIGNATURE, raw, world.scene)


def wrongly_signed(world: World) -> Named:
    """Good signatures of the wrong people."""
    for action in ACTIONS:
        plain = sealed(world.plan(action))
        few = world.signers(action)[:-1]
        raw = encode_envelope(sign(plain, *few))
        yield f"{action} one signature short", Vector(Refusal.TOO_FEW, raw, world.scene)
        raw = encode_envelope(sign(plain, *few, STRANGER))
        yield f"{action} with a stranger", Vector(Refusal.KEY_UNKNOWN, raw, world.scene)
        raw = encode_envelope(sign(plain, *world.signers(action), STRANGER))
        yield f"{action} and a stranger too", Vector(Refusal.KEY_UNKNOWN, raw, world.scene)
        yield f"{action} after a revocation", revoked_since(world, action)
        yield f"{action} by a revoked key still listed", revoked_but_listed(world, action)
        yield f"{action} by one key as two people", one_key_twice(world, action)
        yield f"{action} by one person with two keys", one_person_twice(world, action)
        if action not in STOPS:
            raw = encode_envelope(sign(plain, *few, STOPPER))
            yield f"{action} with a stopper", Vector(Refusal.ROLE, raw, world.scene)


def revoked_since(world: World, action: str) -> Vector:
    """Between signing and effect the last signer left the ring."""
    gone = key_of(world.signers(action)[-1])
    left = tuple(person for person in world.ring.persons if person.key != gone)
    ring = KeyRing(world.ring.needed, left, (gone,))
    return Vector(Refusal.KEY_REVOKED, world.raw(action), world.scene_with(ring=ring))


def revoked_but_listed(world: World, action: str) -> Vector:
    ring = altered(world.ring, revoked=(key_of(world.signers(action)[-1]),))
    return Vector(Refusal.KEY_REVOKED, world.raw(action), world.scene_with(ring=ring))


def one_key_twice(world: World, action: str) -> Vector:
    """A ring that enrolment would have refused, and the same signature twice."""
    extra = Person("twin", "approver", key_of(SECRETS["anna"]))
    ring = altered(world.ring, persons=(*world.ring.persons, extra))
    signers = world.signers(action)
    once = sign(sealed(world.plan(action)), *(signers[:-1] if len(signers) > 1 else signers))
    twice = next(s for s in once.signatures if s.key == key_of(SECRETS["anna"]))
    every = tuple(sorted((*once.signatures, twice), key=lambda s: s.key))
    raw = encode_envelope(altered(once, signatures=every))
    return Vector(Refusal.SAME_KEY, raw, world.scene_with(ring=ring))


def one_person_twice(world: World, action: str) -> Vector:
    second = SigningKey(b"2" * 32)
    ring = altered(
        world.ring, persons=(*world.ring.persons, Person("anna", "approver", key_of(second)))
    )
    signers = world.signers(action)
    signers = (*(signers[:-1] if len(signers) > 1 else signers), second)
    raw = encode_envelope(sign(sealed(world.plan(action)), *signers))
    return Vector(Refusal.SAME_PERSON, raw, world.scene_with(ring=ring))
