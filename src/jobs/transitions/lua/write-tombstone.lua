-- Restores a tombstone that Redis has lost. A note beside the original proves how its job ended.
-- KEYS: 1 tombstones, 2 job
-- ARGV: 1 id, 2 document id, 3 file key, 4 delay_ms
-- Returns 1, or 0 for an active job. Publishes nothing.
if redis.call('TYPE', KEYS[2]).ok == 'hash' and not is_terminal(redis.call('HGET', KEYS[2], 'status')) then return 0 end
redis.call('ZADD', KEYS[1], 'NX', now_ms() + tonumber(ARGV[4]), encode_tombstone(ARGV[1], ARGV[2], ARGV[3]))
return 1
