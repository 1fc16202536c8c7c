"""The replay shell: the same engine, fed from history, and what its books say about the claims."""
