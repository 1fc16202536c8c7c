"""Why a command has no effect: one code per reason, with its meaning for the operator."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The code is what log, journal, MQTT and the console show."""

    RETAINED = "retained"
    DUPLICATE = "duplicate"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NOT_CANONICAL = "not_canonical"
    KEY_UNKNOWN = "key_unknown"
    KEY_REVOKED = "key_revoked"
    SAME_KEY = "same_key"
    SAME_PERSON = "same_person"
    ROLE = "role"
    TOO_FEW = "too_few_signatures"
    BAD_SIGNATURE = "bad_signature"
    PLAN_MALFORMED = "plan_malformed"
    PLAN_NOT_CANONICAL = "plan_not_canonical"
    WRONG_DOMAIN = "wrong_domain"
    WRONG_CLASS = "wrong_class"
    WRONG_DAEMON = "wrong_daemon"
    WRONG_ACCOUNT = "wrong_account"
    WRONG_ENVIRONMENT = "wrong_environment"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    LASTS_TOO_LONG = "lasts_too_long"
    VOIDED = "voided"
    NONCE_USED = "nonce_used"
    BUSY = "busy"
    HEAD_UNKNOWN = "head_unknown"
    HEAD_TOO_OLD = "head_too_old"
    SITUATION_CHANGED = "situation_changed"
    NOT_POSSIBLE = "not_possible"
    WORSE_THAN_SIGNED = "worse_than_signed"
    FLOODED = "flooded"


MEANINGS: dict[Refusal, str] = {
    Refusal.RETAINED: "a message broker had kept it: an old order is not an order",
    Refusal.DUPLICATE: "the channel delivered it before",
    Refusal.TOO_LARGE: "longer than any command can be",
    Refusal.MALFORMED: "not an envelope with a payload and signatures",
    Refusal.NOT_CANONICAL: "an envelope spelled in another way than ours, or signatures unsorted",
    Refusal.KEY_UNKNOWN: "signed with a key that is not in the key ring",
    Refusal.KEY_REVOKED: "signed with a key that was revoked",
    Refusal.SAME_KEY: "one key signed twice",
    Refusal.SAME_PERSON: "one person signed twice",
    Refusal.ROLE: "somebody signed who may only stop, not permit",
    Refusal.TOO_FEW: "fewer signatures than the key ring demands",
    Refusal.BAD_SIGNATURE: "a signature does not fit the bytes received",
    Refusal.PLAN_MALFORMED: "the signed bytes are no plan: a field is missing, unknown or wrong",
    Refusal.PLAN_NOT_CANONICAL: "the plan is spelled in another way than ours",
    Refusal.WRONG_DOMAIN: "the plan says that it is something else",
    Refusal.WRONG_CLASS: "signed as something else than it is: a permission as a stop, say",
    Refusal.WRONG_DAEMON: "meant for another daemon",
    Refusal.WRONG_ACCOUNT: "meant for another account, or the daemon has no account pinned",
    Refusal.WRONG_ENVIRONMENT: "not meant for paper trading",
    Refusal.NOT_YET_VALID: "dated in the future",
    Refusal.EXPIRED: "its time is over",
    Refusal.LASTS_TOO_LONG: "valid for longer than a plan may be",
    Refusal.VOIDED: "made before everything pending was declared void",
    Refusal.NONCE_USED: "it took effect before",
    Refusal.BUSY: "another plan is just taking effect: look again and sign again",
    Refusal.HEAD_UNKNOWN: "made on a journal that is not this one, or not as it is now",
    Refusal.HEAD_TOO_OLD: "too much has happened since it was made",
    Refusal.SITUATION_CHANGED: "what the signers were shown is no longer so",
    Refusal.NOT_POSSIBLE: "what it asks for cannot be done, or not that far",
    Refusal.WORSE_THAN_SIGNED: "the worst case is worse now than the one signed, or unknown",
    Refusal.FLOODED: "too many commands at once: not even looked at",
}


@dataclass(frozen=True, slots=True)
class Refused:
    """The first rule that was not kept, and how."""

    code: Refusal
    text: str
