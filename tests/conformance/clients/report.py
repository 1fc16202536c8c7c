"""What one client session saw, printed as JSON for the test that started it. Standard library only."""

import json
import sys
import traceback


class Report:
    """Checks by name, messages by id, and everything a decoder could not make sense of."""

    def __init__(self):
        self.facts = {}
        self.messages = {}
        self.leftovers = []
        self.complaints = []

    def saw(self, message_id):
        self.messages[message_id] = self.messages.get(message_id, 0) + 1

    def left(self, message_id, detail):
        self.leftovers.append(f"{message_id}: {detail}")

    def finish(self):
        print(json.dumps(self.__dict__, default=str))


def run(report, session):
    """Run the session; a crash still prints what was seen until then."""
    try:
        session()
    except BaseException:
        report.complaints.append("session: " + traceback.format_exc())
    report.finish()
    sys.stdout.flush()
