-- What operators, or the daemon in their place, decided about trading.
CREATE TABLE act (
    batch    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    PRIMARY KEY (batch, position)
) STRICT, WITHOUT ROWID;

-- How many orders, changes, cancels, executions, denials and acts there were on a New York day.
CREATE TABLE counter (
    day   TEXT NOT NULL,
    name  TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (day, name)
) STRICT, WITHOUT ROWID;
