-- Counts the changes that end all sessions of an account. A login that verified its password before such a change sees
-- another number when it creates its session, and is refused.
ALTER TABLE accounts ADD COLUMN session_version BIGINT NOT NULL DEFAULT 0;
