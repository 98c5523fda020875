-- Takes back a job whose upload was refused after all: Redis may have made it without its response being heard.
-- KEYS: 1 job, 2 queue, 3 active, 4 recent, 5 idempotency (may be unused), 6 offset, 7 epoch, 8 leases, 9 delayed,
--       10 cleanup, 11 its document, 12 all documents, 13 documents of the collection, 14 channel of cancellations,
--       15 tombstones
-- ARGV: 1 id
-- Returns 1, or 0 when there is no such job.
-- Publishes an active job, failed with the code cancelled, for clients that watch it, and removes all its data. Tells a
-- worker that already runs it on the channel of cancellations.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
local job = read(KEYS[1])
local token = job[AT.token]
if token then
  mark_dead(KEYS[10], KEYS[1], job, ARGV[1])
  if redis.call('HGET', KEYS[11], 'generation') == token then
    redis.call('DEL', KEYS[11])
    redis.call('ZREM', KEYS[12], ARGV[1])
    redis.call('ZREM', KEYS[13], ARGV[1])
  end
  redis.call('PUBLISH', KEYS[14], ARGV[1])
end
redis.call('LREM', KEYS[2], 0, ARGV[1])
redis.call('SREM', KEYS[3], ARGV[1])
for _, key in ipairs({ KEYS[4], KEYS[8], KEYS[9] }) do redis.call('ZREM', key, ARGV[1]) end
if redis.call('HGET', KEYS[5], 'id') == ARGV[1] then redis.call('DEL', KEYS[5]) end
if not is_terminal(job[AT.status]) then
  commit(KEYS[1], KEYS[6], KEYS[7], job, cancelled('Upload refused'))
end
write_tombstone(KEYS[15], KEYS[1], ARGV[1], now_ms())
redis.call('DEL', KEYS[1])
return 1
