"""The way to Interactive Brokers: contracts, quotes, orders and evidence, in the desk's own words.

Only ``ib.py`` names the client library, only ``translate.py`` spells like the broker. Decides
nothing about trading; what it cannot prove it reports as uncertain.
"""
