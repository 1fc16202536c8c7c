"""Watches the decoder of ib_async or ib_insync from outside: nothing may be left over, nothing logged.

Fixed messages are compared with the type list they are decoded by. The long ones are functions whose
local `fields` or `get` holds what has not been consumed yet, so they are inspected as they return.
"""

import logging
import sys

COUNTED = "securityDefinitionOptionParameter"  # slices by count and so never shrinks its list
WHOLE = "tickOptionComputation"  # unpacks its rest as one tuple, which fails unless it fits


def hook(decoder_class, report):
    _check_fixed(decoder_class, report)
    _check_functions(decoder_class, report)


def listen(report, *names):
    """Every warning of the decoder and error of the wrapper is a complaint about what was sent."""

    class Listener(logging.Handler):
        def emit(self, record):
            text = record.getMessage()
            if record.exc_info:
                text += f" ({record.exc_info[1]!r})"
            report.complaints.append(f"{record.name}: {text[:400]}")

    for name in names:
        logger = logging.getLogger(name)
        logger.addHandler(Listener(level=logging.ERROR))
        logger.propagate = False


def _check_fixed(decoder_class, report):
    original = decoder_class.wrap

    def wrap(self, name, types, skip=2):
        handler = original(self, name, types, skip)

        def checked(fields):
            if len(fields) - skip != len(types):
                report.left(fields[0], f"{name} has {len(fields) - skip} fields, not {len(types)}")
            return handler(fields)

        return checked

    decoder_class.wrap = wrap


def _check_functions(decoder_class, report):
    plain = {"__init__", "wrap", "interpret", "parse"}
    codes = {
        function.__code__: name
        for name, function in vars(decoder_class).items()
        if callable(function) and name not in plain
    }
    original = decoder_class.interpret

    def interpret(self, fields):
        report.saw(int(fields[0]))

        def watch(frame, event, result):
            if event == "return" and frame.f_code in codes:
                rest = _rest(codes[frame.f_code], frame.f_locals, fields)
                if rest:
                    report.left(fields[0], f"{codes[frame.f_code]} leaves {rest}")

        sys.setprofile(watch)
        try:
            original(self, fields)
        finally:
            sys.setprofile(None)

    decoder_class.interpret = interpret


def _rest(name, found, original):
    """What a decoding function had not consumed when it returned."""
    remaining = found.get("fields")
    if "get" in found:
        count = found["get"].__self__.__length_hint__()
        return f"{count} unread fields" if count else ""
    if remaining is original or not remaining or name == WHOLE:
        return ""
    if name == COUNTED:
        n = found["n"]
        return "" if len(remaining) == n + 1 + int(remaining[n]) else "a wrong count of strikes"
    return str(remaining[:5])
