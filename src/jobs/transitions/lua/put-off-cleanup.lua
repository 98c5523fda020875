-- Puts off what could not be carried out: a cleanup, or a tombstone.
-- KEYS: 1 cleanup, or tombstones
-- ARGV: 1 entry, 2 delay_ms
-- Returns 1, or 0 when another has carried it out meanwhile. Publishes nothing.
return redis.call('ZADD', KEYS[1], 'XX', 'CH', now_ms() + tonumber(ARGV[2]), ARGV[1])
