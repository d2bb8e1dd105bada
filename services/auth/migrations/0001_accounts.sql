-- In the common subset of SQLite and PostgreSQL: text, bigint, boolean. Times are seconds since the epoch, UTC.
CREATE TABLE accounts (
    id            TEXT    NOT NULL PRIMARY KEY,
    username      TEXT    NOT NULL UNIQUE,
    email         TEXT,
    password_hash TEXT    NOT NULL,
    demo          BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT  NOT NULL
);

-- Private keys are sealed (AEAD, base64) by a key that is not in the database.
CREATE TABLE signing_keys (
    kid        TEXT   NOT NULL PRIMARY KEY,
    sealed     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
