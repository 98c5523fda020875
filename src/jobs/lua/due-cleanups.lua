-- Lists dead generations whose chunks are to be deleted now.
-- KEYS: 1 cleanup
-- ARGV: 1 count
-- Returns at most count entries, the longest due first. Writes and publishes nothing.
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, ARGV[1])
