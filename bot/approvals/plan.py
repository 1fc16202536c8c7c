"""What operators sign: one plan, its exact bytes, and the actions there are.

A plan names everything it depends on. Text in it is printable ASCII, so that what a signer sees is
what stands there. Knows neither signatures nor whether a plan still fits.
"""

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Struct

from bot.approvals.keyring import KeyRing, Name

DOMAIN = "condorbot.plan.v1"
ENVIRONMENT = "paper"
STOP_TYPE = "application/vnd.condorbot.stop.v1+json"  # one signature, at once
RISK_TYPE = "application/vnd.condorbot.risk.v1+json"  # as many as the key ring demands

Line: TypeAlias = Annotated[str, Meta(pattern=r"\A[ -~]{1,300}\Z")]
Head: TypeAlias = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
Usd: TypeAlias = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,11})\Z")]
Price: TypeAlias = Annotated[str, Meta(pattern=r"\A(0|[1-9][0-9]{0,5})(\.[0-9]{1,4})?\Z")]
OrderRef: TypeAlias = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._:-]{1,40}\Z")]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Share: TypeAlias = Annotated[float, Meta(gt=0, lt=1)]


class _Action(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do"):
    why: Line


class Halt(_Action, frozen=True, forbid_unknown_fields=True, tag="halt"):
    """Open nothing; only closes that limit a loss go on."""


class Reduce(_Action, frozen=True, forbid_unknown_fields=True, tag="reduce"):
    """Open nothing; every close goes on."""


class Resume(_Action, frozen=True, forbid_unknown_fields=True, tag="resume"):
    """End the halt or reduction that the situation describes, and no later one."""


class RaiseLimit(_Action, frozen=True, forbid_unknown_fields=True, tag="raise_limit"):
    """``limit`` of the table [limits] is ``value`` until ``until``."""

    limit: Name
    value: float
    until: Instant


class AdoptPosition(_Action, frozen=True, forbid_unknown_fields=True, tag="adopt_position"):
    """``quantity`` contracts at the broker are ours although no order explains them; 0: no more."""

    contract: Line  # its label, e.g. "VIX 2026-12-15 30 C"
    quantity: Annotated[int, Meta(ge=0, le=10_000)]


class ResolveOrder(_Action, frozen=True, forbid_unknown_fields=True, tag="resolve_order"):
    """Of an UNKNOWN order ``filled`` more units were executed, and the rest never will be.

    ``prices`` are points per contract, one per leg in the order's own sequence; none if 0 filled.
    """

    order_ref: OrderRef
    filled: Annotated[int, Meta(ge=0, le=10_000)]
    prices: Annotated[tuple[Price, ...], Meta(max_length=8)]


class WriteOff(_Action, frozen=True, forbid_unknown_fields=True, tag="write_off"):
    """What the broker holds less of a condor or tranche than our book was closed by hand.

    ``prices`` are points per contract, one per leg in the campaign's own sequence, for every leg.
    """

    campaign: OrderRef
    prices: Annotated[tuple[Price, ...], Meta(max_length=8)]


class AcceptConfig(_Action, frozen=True, forbid_unknown_fields=True, tag="accept_config"):
    """The daemon may start with the configuration of this hash, which allows losses of so much."""

    config_hash: Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
    max_loss_share_total: Share
    hedge_budget_share: Share


class ChangeKeys(_Action, frozen=True, forbid_unknown_fields=True, tag="change_keys"):
    """From now on ``ring`` says who may sign."""

    ring: KeyRing


Stop: TypeAlias = Halt | Reduce
Permit: TypeAlias = (
    Resume | RaiseLimit | AdoptPosition | ResolveOrder | WriteOff | AcceptConfig | ChangeKeys
)
Action: TypeAlias = Stop | Permit


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is signed. ``worst_case_usd`` is an upper bound of what may be lost."""

    domain: Line
    daemon: Name
    account: Line
    environment: Line
    action: Action
    situation: Annotated[tuple[Line, ...], Meta(max_length=40)]
    worst_case_usd: Usd
    journal_seq: Annotated[int, Meta(ge=0, le=2**62)]
    journal_head: Head  # empty: made without looking at a journal
    epoch: Annotated[int, Meta(ge=0, le=2**62)]
    nonce: Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
    not_before: Instant
    expires: Instant


_decoder = msgspec.json.Decoder(Plan)


class UnreadablePlan(ValueError):
    """Bytes that are no plan."""


def encode_plan(plan: Plan) -> bytes:
    """The canonical bytes: fields in their order, no blanks."""
    return msgspec.json.encode(plan)


def decode_plan(body: bytes) -> Plan:
    """Strict: an unknown, missing or ill-typed field is an error. Raises UnreadablePlan."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UnreadablePlan(str(error)) from None


def payload_type(action: Action) -> str:
    """Under which type the plan must be signed."""
    return STOP_TYPE if isinstance(action, Halt | Reduce) else RISK_TYPE


def action_name(action: Action) -> str:
    """Its spelling in the plan, e.g. ``raise_limit``."""
    name = action.__struct_config__.tag
    assert isinstance(name, str)
    return name
