"""A simulated IB Gateway: the broker's side of the TWS API socket, with a market behind it.

``session.py`` explains the design. Only ``server.py`` awaits; everything else is bytes in, bytes
out.
"""
