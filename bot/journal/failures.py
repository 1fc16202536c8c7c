"""What can go wrong with a journal, told apart by what may still be done about it: nothing."""


class JournalFailed(Exception):
    """The record cannot be kept, so nothing may be done any more in this life of the process."""


class JournalInUse(Exception):
    """Another daemon holds this journal."""
