"""The outside world, simulated: an options market and, in front of it, a broker's gateway."""
