-- Makes a job that Redis has forgotten as what it was: cancelled. No worker ever sees it.
-- KEYS: 1 job, 2 offset, 3 epoch, 4 recent, 5 outcomes, 6 tombstones
-- ARGV: 1 id, 2 tenant, 3 payload (JSON), 4 ttl_seconds
-- Returns 1, or 0 if the job exists. Publishes the job, failed with the code cancelled.
local found = redis.call('TYPE', KEYS[1]).ok
if found == 'hash' then return 0 end
-- What another program has put here is no job: it makes room.
if found ~= 'none' then redis.call('DEL', KEYS[1]) end
-- Writes these first, because `commit` reads filename and collection.
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'type', 'document_upload', 'progress', '0', 'fraction', '0',
  'payload', ARGV[3], 'tenant', ARGV[2], 'run', '1', 'created_at', stamp())
redis.call('ZADD', KEYS[4], now_ms(), ARGV[1])
redis.pcall('HINCRBY', KEYS[5], 'cancelled', 1)
commit(KEYS[1], KEYS[2], KEYS[3], read(KEYS[1]), cancelled('Cancelled'))
redis.call('EXPIRE', KEYS[1], ARGV[4])
write_tombstone(KEYS[6], KEYS[1], ARGV[1], now_ms() + tonumber(ARGV[4]) * 1000)
return 1
