-- The desk as the records up to 'batch' fold to it, so that recovery need not start at the first.
-- Its digest is a record of that batch, and so in the chain; only the newest few bodies are kept.
CREATE TABLE checkpoint (
    batch INTEGER PRIMARY KEY,
    body  BLOB NOT NULL            -- MessagePack, see bot/journal/desk_codec.py
) STRICT;
