-- Takes back a job whose upload was refused after all: Redis may have made it without its answer being heard.
-- KEYS: 1 job, 2 queue, 3 active, 4 recent, 5 idempotency (may be unused), 6 sequence, 7 history
-- ARGV: 1 id
-- Returns 1, or 0 when there is no such job or a worker has had it already.
-- Publishes the job, cancelled, for those who have seen it; nothing of it is left.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('HEXISTS', KEYS[1], 'epoch') == 1 then return 0 end
redis.call('LREM', KEYS[2], 0, ARGV[1])
redis.call('SREM', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[4], ARGV[1])
if redis.call('HGET', KEYS[5], 'id') == ARGV[1] then redis.call('DEL', KEYS[5]) end
commit(KEYS[1], KEYS[6], KEYS[7], read(KEYS[1]), { 'status', 'cancelled', 'message', 'Upload refused' })
redis.call('DEL', KEYS[1])
return 1
