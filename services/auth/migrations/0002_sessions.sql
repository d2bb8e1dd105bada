-- What an account may do, and whether it may do anything.
ALTER TABLE accounts ADD COLUMN roles TEXT NOT NULL DEFAULT ''; -- separated by spaces
ALTER TABLE accounts ADD COLUMN disabled_at BIGINT;

-- A key's life: published from the start, signs from signs_at until a newer one does, verifies until retires_at.
-- The generation is unique: of two rotations at once, one wins.
ALTER TABLE signing_keys ADD COLUMN generation BIGINT NOT NULL DEFAULT 1;
ALTER TABLE signing_keys ADD COLUMN signs_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signing_keys ADD COLUMN retires_at BIGINT;
CREATE UNIQUE INDEX signing_keys_by_generation ON signing_keys (generation);

-- A login and all that was refreshed from it.
CREATE TABLE refresh_families (
    id         TEXT   NOT NULL PRIMARY KEY,
    account_id TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX refresh_families_by_account ON refresh_families (account_id);
CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);

-- Refresh tokens are kept as SHA-256 only. A used one stays until its family expires: so its reuse is noticed.
CREATE TABLE refresh_tokens (
    hash      TEXT   NOT NULL PRIMARY KEY,
    family_id TEXT   NOT NULL REFERENCES refresh_families (id) ON DELETE CASCADE,
    issued_at BIGINT NOT NULL,
    used_at   BIGINT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

-- Failed logins by the SHA-256 of the name as it was typed: people type passwords into the wrong field.
CREATE TABLE login_failures (
    name_hash     TEXT   NOT NULL PRIMARY KEY,
    failures      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);
CREATE INDEX login_failures_by_time ON login_failures (last_at);
