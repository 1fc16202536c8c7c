"""The append-only record of everything that happened and everything that was asked for."""
