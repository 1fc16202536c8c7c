"""The nouns of the desk as frozen values: instruments, quotes, orders, books, sessions.

Pure: no clock, no I/O, no broker vocabulary. Everything else in the product is written in these
words.
"""
