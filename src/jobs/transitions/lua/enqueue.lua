-- Makes a job and queues it.
-- KEYS: 1 job, 2 queue, 3 active, 4 offset, 5 epoch, 6 recent, 7 idempotency (of the key the client sent; may be unused),
--       8 installation
-- ARGV: 1 id, 2 tenant, 3 payload (JSON), 4 max_retries, 5 fingerprint of the request or '', 6 idempotency_ttl_seconds,
--       7 filename, 8 collection, 9 '1' where Redis may have forgotten the job,
--       10 blob store of the caller, or ''
-- Returns {id, created_at} of the job; one that exists already is left as it is (a replay). Where the client's
-- key names a job of the same fingerprint it is that job; of another fingerprint, {'', ''}.
-- Publishes the job, queued.
-- Fails if the installation uses another blob store, because no worker could read the file. An emptied Redis names
-- none, and accepts jobs from every store.
if is_foreign(KEYS[8], ARGV[10], false) then
  return redis.error_reply('FOREIGN the installation uses another blob store')
end
local found = redis.call('TYPE', KEYS[1]).ok
if found == 'hash' then return { ARGV[1], redis.call('HGET', KEYS[1], 'created_at') } end
-- What another program has put here is no job: it makes room.
if found ~= 'none' then redis.call('DEL', KEYS[1]) end
if ARGV[5] ~= '' then
  local known = redis.call('HMGET', KEYS[7], 'fingerprint', 'id', 'created_at')
  if known[1] == ARGV[5] then return { known[2], known[3] } end
  if known[1] then return { '', '' } end
end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[6], now_ms(), ARGV[1])
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[7], 'fingerprint', ARGV[5], 'id', ARGV[1], 'created_at', stamp())
  redis.call('EXPIRE', KEYS[7], ARGV[6])
end
local job = read(KEYS[1])
-- Of what was forgotten somebody may hold a version still; none is beyond the offset, which each event increments.
if ARGV[9] == '1' then job[AT.version] = redis.call('GET', KEYS[4]) end
commit(KEYS[1], KEYS[4], KEYS[5], job, {
  'id', ARGV[1], 'type', 'document_upload', 'status', 'queued', 'progress', '0', 'fraction', '0',
  'message', 'Waiting for worker...', 'payload', ARGV[3], 'filename', ARGV[7], 'collection', ARGV[8], 'tenant', ARGV[2], 'run', '1',
  'max_retries', ARGV[4], 'created_at', stamp(), 'queued_ms', now_ms(),
})
return { ARGV[1], stamp() }
