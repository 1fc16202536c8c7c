"""Who may sign what: persons, one public key each, and how many of them a permission needs.

Decides what may be enrolled. Knows neither where a ring lies nor what is signed with it.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from nacl.bindings import crypto_core_ed25519_is_valid_point

Name: TypeAlias = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9_.-]{0,39}\Z")]
Key: TypeAlias = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
PERSONS_MAX = 16
REVOKED_MAX = 64


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """``approver`` may stop and permit, ``stopper`` only stop. ``key`` is Ed25519, as hex."""

    name: Name
    role: Literal["approver", "stopper"]
    key: Key


class KeyRing(Struct, frozen=True, forbid_unknown_fields=True):
    """``needed`` persons must sign what adds risk; a stop needs one. Revoked keys never return."""

    needed: Annotated[int, Meta(ge=1, le=PERSONS_MAX)] = 2
    persons: Annotated[tuple[Person, ...], Meta(max_length=PERSONS_MAX)] = ()
    revoked: Annotated[tuple[Key, ...], Meta(max_length=REVOKED_MAX)] = ()


class EnrolmentRefused(ValueError):
    """The ring would not keep its promise: so many distinct people."""


_decoder = msgspec.json.Decoder(KeyRing)


def encode_ring(ring: KeyRing) -> bytes:
    return msgspec.json.encode(ring)


def decode_draft(body: bytes | str) -> KeyRing:
    """A ring that may still lack people. Raises EnrolmentRefused for what is no ring."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise EnrolmentRefused(f"not a key ring: {error}") from None


def decode_ring(body: bytes | str) -> KeyRing:
    """Raises EnrolmentRefused for what is no ring, or for one that cannot be in force."""
    ring = decode_draft(body)
    if (trouble := objection(ring)) is not None:
        raise EnrolmentRefused(trouble)
    return ring


def enrolled(ring: KeyRing, person: Person) -> KeyRing:
    """The ring with one person more. Raises EnrolmentRefused."""
    larger = replace(ring, persons=(*ring.persons, person))
    if (trouble := _clash(larger)) is not None:
        raise EnrolmentRefused(trouble)
    return larger


def revoked(ring: KeyRing, key: str) -> KeyRing:
    """The ring without the person of ``key``, whose key can never come back.

    Raises EnrolmentRefused for an unknown key.
    """
    left = tuple(person for person in ring.persons if person.key != key)
    if len(left) == len(ring.persons):
        raise EnrolmentRefused(f"nobody holds the key {key[:16]}...")
    return replace(ring, persons=left, revoked=(*ring.revoked, key))


def objection(ring: KeyRing) -> str | None:
    """Why this ring cannot be in force; None if it can."""
    if (trouble := _clash(ring)) is not None:
        return trouble
    approvers = sum(person.role == "approver" for person in ring.persons)
    if approvers < ring.needed:
        return f"{ring.needed} approvers are needed, {approvers} enrolled"
    return None


def _clash(ring: KeyRing) -> str | None:
    names: set[str] = set()
    keys: set[str] = set()
    for person in ring.persons:
        if person.name in names:
            return f"{person.name} is enrolled already: one person, one key"
        if person.key in keys:
            return f"the key of {person.name} belongs to somebody else already"
        if person.key in ring.revoked:
            return f"the key of {person.name} was revoked"
        if not crypto_core_ed25519_is_valid_point(bytes.fromhex(person.key)):
            return f"the key of {person.name} is no key that only its holder can sign with"
        names.add(person.name)
        keys.add(person.key)
    return None
