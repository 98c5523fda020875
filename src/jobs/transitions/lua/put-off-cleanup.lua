-- Puts off a cleanup, a tombstone or an edit that its worker could not carry out.
-- Returns 1, or 0 when another worker has carried it out. Publishes nothing.
return redis.call('ZADD', list_key, 'XX', 'CH', now_ms() + tonumber(delay_ms), entry)
