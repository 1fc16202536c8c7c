"""A plan's bytes with detached signatures, as one short JSON text; and what exactly is signed.

The signed text names type and length of the payload before the payload itself, after the
pre-authentication encoding of DSSE: bytes signed as one thing can never pass for another.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from bot.approvals.keyring import PERSONS_MAX, Key
from bot.approvals.plan import Plan, encode_plan, payload_type

COMMAND_BYTES_MAX = 24 * 1024


class Signature(Struct, frozen=True, forbid_unknown_fields=True):
    """``key`` is the signer's public key."""

    key: Key
    signature: Annotated[str, Meta(pattern=r"\A[0-9a-f]{128}\Z")]


class Envelope(Struct, frozen=True, forbid_unknown_fields=True):
    """``payload`` is base64 in the JSON. Signatures are sorted by key."""

    payload_type: Annotated[str, Meta(max_length=100)]
    payload: bytes
    signatures: Annotated[tuple[Signature, ...], Meta(max_length=2 * PERSONS_MAX)] = ()


class UnreadableEnvelope(ValueError):
    """Bytes that are no envelope."""


_decoder = msgspec.json.Decoder(Envelope)


def encode_envelope(envelope: Envelope) -> bytes:
    return msgspec.json.encode(envelope)


def decode_envelope(raw: bytes) -> Envelope:
    """Strict: an unknown, missing or ill-typed field is an error. Raises UnreadableEnvelope."""
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadableEnvelope(str(error)) from None


def sealed(plan: Plan) -> Envelope:
    """An envelope without signatures."""
    return Envelope(payload_type(plan.action), encode_plan(plan))


def signed_text(envelope: Envelope) -> bytes:
    """The exact bytes that a signature is over."""
    kind = envelope.payload_type.encode()
    body = envelope.payload
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def signed(envelope: Envelope, secret: SigningKey) -> Envelope:
    """With one signature more; signing again with the same key changes nothing."""
    key = secret.verify_key.encode().hex()
    mine = Signature(key, secret.sign(signed_text(envelope)).signature.hex())
    others = (other for other in envelope.signatures if other.key != key)
    return replace(envelope, signatures=tuple(sorted((*others, mine), key=lambda s: s.key)))


def fits(envelope: Envelope, signature: Signature) -> bool:
    """Whether the signature is over these bytes; small-order keys and altered scalars never are."""
    try:
        VerifyKey(bytes.fromhex(signature.key)).verify(
            signed_text(envelope), bytes.fromhex(signature.signature)
        )
    except CryptoError:
        return False
    return True
