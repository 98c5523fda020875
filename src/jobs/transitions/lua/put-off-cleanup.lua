-- Puts off what could not be carried out: a cleanup, or a tombstone.
-- Returns 1, or 0 when another has carried it out meanwhile. Publishes nothing.
return redis.call('ZADD', list_key, 'XX', 'CH', now_ms() + tonumber(delay_ms), entry)
