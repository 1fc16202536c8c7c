"""Judges every order and proposes the hedge. Pure; knows nothing of strategies."""
