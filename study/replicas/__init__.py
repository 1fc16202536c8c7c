"""Published option indices, rebuilt on the study's own market: how far can that market be trusted?

The rules are the index provider's, not the product's, so nothing here goes through the engine.
"""
