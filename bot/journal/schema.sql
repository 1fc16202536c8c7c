-- One row per batch that says more than prices: the chain of digests runs over these.
CREATE TABLE batch (
    seq     INTEGER PRIMARY KEY,
    life    INTEGER NOT NULL,
    at      INTEGER NOT NULL,      -- microseconds since 1970, UTC, of the newest event in it
    digest  BLOB NOT NULL          -- sha256(previous digest, seq, every record of the batch)
) STRICT;

-- Every event (prices and clock ticks excepted) and every effect, in the order of the batch.
CREATE TABLE record (
    batch     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    is_effect INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    body      BLOB NOT NULL,       -- JSON
    PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;

-- What replaces itself: prices and clock ticks, one row per batch, kept for a while only.
CREATE TABLE market (
    batch INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    body  BLOB NOT NULL            -- MessagePack, see bot/journal/codec.py
) STRICT;
CREATE INDEX market_at ON market (at);

CREATE TABLE contract (
    id   INTEGER PRIMARY KEY,
    body TEXT NOT NULL UNIQUE      -- JSON
) STRICT;

-- An order exists from the commit of its row here; the row is committed before the order is sent.
CREATE TABLE intent (
    order_ref TEXT PRIMARY KEY,
    batch     INTEGER NOT NULL,
    digest    BLOB NOT NULL        -- sha256 of the order as recorded
) STRICT, WITHOUT ROWID;

CREATE TABLE send (
    order_ref TEXT PRIMARY KEY,
    order_id  INTEGER NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fill (
    exec_id   TEXT NOT NULL,
    revision  INTEGER NOT NULL,
    order_ref TEXT NOT NULL,
    at        INTEGER NOT NULL,
    contract  TEXT NOT NULL,
    quantity  INTEGER NOT NULL,
    price     TEXT NOT NULL,       -- points per contract, exact
    PRIMARY KEY (exec_id, revision)
) STRICT, WITHOUT ROWID;

-- One row per start of the daemon. 'ended' stays NULL when the machine took the process away.
CREATE TABLE life (
    life        INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL,
    started_at  INTEGER NOT NULL,
    config_hash TEXT NOT NULL,
    policy_hash TEXT NOT NULL,
    ended       TEXT
) STRICT;

-- A batch that made the core raise: never folded again, kept as evidence.
CREATE TABLE poison (
    life  INTEGER PRIMARY KEY,
    error TEXT NOT NULL,
    body  BLOB NOT NULL            -- JSON lines of [kind, event]
) STRICT;
