"""Operator rules at work: what they may look at, how they vote, what a veto does."""
