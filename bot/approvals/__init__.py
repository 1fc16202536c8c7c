"""Signed commands: who may ask for what, and everything that must be true when it takes effect."""
