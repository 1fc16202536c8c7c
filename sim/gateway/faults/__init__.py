"""Everything a gateway can do wrong, as switches: see ``catalogue`` for the list."""
