"""The simulated market: real daily history in, listings, quotes, bars, fills and settlements out.

Time is a parameter. Everything is a function of (history, seed, instant): nothing depends on what
was asked before.
"""
