-- Failed logins by name and client. The name is a SHA-256 as in login_failures. The client is an IPv4 address or the /64
-- of an IPv6 address. This replaces login_failures, which a replica of an earlier version still writes during an update.
CREATE TABLE login_delays (
    name_hash     TEXT   NOT NULL,
    client        TEXT   NOT NULL,
    failures      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    PRIMARY KEY (name_hash, client)
);
CREATE INDEX login_delays_by_time ON login_delays (last_at);
CREATE INDEX login_delays_by_failures ON login_delays (failures, last_at);

-- The clients from which an account has logged in. Guesses from elsewhere do not delay them.
CREATE TABLE known_clients (
    account_id    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client        TEXT   NOT NULL,
    last_login_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, client)
);
CREATE INDEX known_clients_by_time ON known_clients (last_login_at);

-- The hash of the token that a refresh issued for this one. The answer to a refresh might be lost, so the client may send
-- the same token again for a short time; the token named here is then replaced.
ALTER TABLE refresh_tokens ADD COLUMN successor TEXT;

-- When a task that one replica does for all was begun last.
CREATE TABLE upkeep (
    task        TEXT   NOT NULL PRIMARY KEY,
    last_run_at BIGINT NOT NULL
);
INSERT INTO upkeep (task, last_run_at) VALUES ('purge', 0);
