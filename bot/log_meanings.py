"""What every log event means, with its usual level and its fields: the source of docs/events.md.

Every line also has ts, level, event, run_id and config_hash.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from bot.logs import LogEvent as E


class Meaning(NamedTuple):
    """``fields`` are those a line of this event may have, separated by spaces; ``...`` for more."""

    level: str
    fields: str
    text: str


MEANINGS: Final[Mapping[E, Meaning]] = {
    E.PROCESS_STARTED: Meaning("info", "journal build", "The daemon has recovered and runs."),
    E.PROCESS_RECOVERED: Meaning(
        "info", "saved_batch records working_orders", "What the journal gave back at the start."
    ),
    E.PROCESS_STOPPING: Meaning("info", "reason", "A signal asked it to stop."),
    E.PROCESS_STOPPED: Meaning("info", "ended", "The last line of a run."),
    E.PROCESS_REFUSED: Meaning("error", "reason", "A live account or port: exit 3."),
    E.PROCESS_FAILED: Meaning("error", "task exception", "A task broke: exit 70."),
    E.PROCESS_PART_FAILED: Meaning(
        "error", "part exception", "Console, metrics or publisher broke; trading goes on without."
    ),
    E.CLOCK_JUMPED: Meaning(
        "warning", "by_s", "Wall clock and counter ran apart; nothing is sent."
    ),
    E.STEP_TAKEN: Meaning(
        "info",
        "batch events trading decisions about placed asked moved canceled alerts perm_ids",
        "One turn that did something: the line that joins decisions, orders and the journal.",
    ),
    E.JOURNAL_POISONED: Meaning(
        "error", "events", "A batch broke the rules' code; it is kept, and the next start halts."
    ),
    E.JOURNAL_DESK_REFUSED: Meaning(
        "warning", "why", "Saved desks contradict the records; all records were read."
    ),
    E.BROKER_UNREACHABLE: Meaning(
        "warning", "host port client_id reason attempts", "No connection; it is tried again."
    ),
    E.BROKER_CONNECTED: Meaning("info", "accounts", "The gateway named its accounts."),
    E.BROKER_SYNCHRONISED: Meaning("info", "unfinished", "Orders, executions and positions read."),
    E.BROKER_READY: Meaning("info", "", "Everything agrees: trading may go on."),
    E.BROKER_LOST: Meaning("warning", "reason", "No longer ready; nothing is sent."),
    E.BROKER_MESSAGE: Meaning(
        "info or warning", "code text id contract", "The broker's own words."
    ),
    E.BROKER_ERROR: Meaning("warning", "request text", "A question was refused or not answered."),
    E.BROKER_CLIENT_ID_IN_USE: Meaning(
        "warning", "host port client_id reason attempts", "Another program has our client id (326)."
    ),
    E.BROKER_CONTRACT_REFUSED: Meaning("info", "contract text", "Not listed; left out for today."),
    E.BROKER_LINES_CHANGED: Meaning(
        "info", "opened closed active wanted", "Other market-data lines than before."
    ),
    E.BROKER_DATA_TYPE: Meaning("info", "data_type", "1 live, 2 frozen, 3 delayed, 4 both."),
    E.BROKER_QUOTE_DISCARDED: Meaning(
        "warning", "...", "Values that no quote can have, counted by reason."
    ),
    E.BROKER_FOREIGN_ORDER: Meaning(
        "warning", "perm_id order_ref", "An order nobody here asked for; never touched."
    ),
    E.BROKER_REFERENCES_UNKNOWN: Meaning(
        "warning", "order_refs", "Orders of today that this journal lost; no number comes again."
    ),
    E.BROKER_FOREIGN_POSITION: Meaning(
        "warning", "contract size", "A holding no order explains; never touched."
    ),
    E.BROKER_RECONCILED: Meaning("info", "unfinished", "The regular comparison is done."),
    E.BROKER_EXECUTION_CORRECTED: Meaning(
        "info", "order_ref contract quantity price exec_id revision", "A later word on a fill."
    ),
    E.BROKER_STATUS_DISTRUSTED: Meaning(
        "info", "order_ref", "A status that nothing else confirms; it is looked into."
    ),
    E.BROKER_ORDER_RESOLVED: Meaning("info", "order_ref by", "An uncertain order was cleared up."),
    E.BROKER_WHAT_IF: Meaning(
        "info or warning",
        "order_ref initial_change maintenance_after equity_after reason",
        "The margin an order would take, or why that is not known.",
    ),
    E.DECISION_APPROVED: Meaning("info", "topic rule text order_ref ...", "A wish passed review."),
    E.DECISION_DENIED: Meaning("info", "topic rule text denial ...", "Our own check refused."),
    E.DECISION_SKIPPED: Meaning("info", "topic rule text ...", "A rule looked and let it be."),
    E.DECISION_CHANGED: Meaning("info", "topic rule text subject ...", "A state that rules keep."),
    E.ORDER_SENT: Meaning(
        "info", "order_ref order_id purpose rule quantity limit legs", "It left, once."
    ),
    E.ORDER_HELD: Meaning("warning", "order_ref reason", "It did not leave; why."),
    E.ORDER_LIMIT_MOVED: Meaning(
        "info", "order_ref limit confirmed", "Another limit was asked for, or confirmed."
    ),
    E.ORDER_CANCEL_SENT: Meaning("info", "order_ref reason", "We asked to cancel it."),
    E.ORDER_ACCEPTED: Meaning("info", "order_ref perm_id", "The broker has it, under this id."),
    E.ORDER_FILLED: Meaning(
        "info", "order_ref contract quantity price exec_id revision", "One leg's execution."
    ),
    E.ORDER_CANCELED: Meaning("info", "order_ref reason", "It works no more."),
    E.ORDER_REJECTED: Meaning("warning", "order_ref code reason", "The broker refused it."),
    E.ORDER_UNCERTAIN: Meaning("warning", "order_ref reason", "Nobody answers for it."),
    E.ALERT_RAISED: Meaning("warning", "code severity text", "Something is wrong: alerts.md."),
    E.ALERT_CLEARED: Meaning("info", "code severity text", "It is over."),
    E.TELEMETRY_CONNECTED: Meaning("info", "host", "The MQTT broker is reached."),
    E.TELEMETRY_LOST: Meaning("warning", "reason", "It is not; trading goes on."),
    E.TELEMETRY_DROPPED: Meaning("warning", "dropped", "Messages that had no room."),
    E.COMMAND_ACCEPTED: Meaning("warning", "...", "A signed command took effect."),
    E.COMMAND_REFUSED: Meaning("warning", "...", "A command had no effect: refusals.md."),
    E.COMMANDS_VOIDED: Meaning("warning", "reason", "All pending approvals are void."),
    E.COMMAND_SPOOL_FAILED: Meaning("warning", "reason", "The folder for commands is unusable."),
    E.KEY_RING_TAKEN: Meaning("warning", "path", "The first key ring is in force from now on."),
    E.KEY_RING_REFUSED: Meaning("warning", "...", "Another ring lies there; it does not count."),
    E.HEALTH_UNAVAILABLE: Meaning("warning", "path reason", "The health file cannot be written."),
    E.LISTENER_STARTED: Meaning(
        "info", "name host port beyond_loopback", "Console or metrics are served."
    ),
    E.LISTENER_UNAVAILABLE: Meaning("warning", "name ...", "They are not; trading goes on."),
    E.CONSOLE_LOGIN: Meaning("info", "", "Somebody logged in."),
    E.CONSOLE_LOGIN_REFUSED: Meaning("warning", "reason", "Somebody could not."),
    E.CONSOLE_COMMAND: Meaning("warning", "command reason", "Halt or reduce, from the page."),
    E.CONSOLE_VIEWER_DROPPED: Meaning(
        "warning", "frames_missed", "A page that did not keep up was let go."
    ),
    E.SHADOW_FAILED: Meaning("error", "exception", "The books on paper broke; trading goes on."),
    E.LIBRARY_MESSAGE: Meaning("warning", "library text", "A library's own warning."),
    E.LOG_HELD_BACK: Meaning(
        "warning", "of code lines", "So many lines like those before were not written."
    ),
}
