"""The live shell: every await in production is here. Decides nothing; ``engine.step`` does."""
