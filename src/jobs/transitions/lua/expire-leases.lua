-- Takes jobs back from workers that were lost: their lease has ended.
-- KEYS: 1 leases, 2 queue, 3 active, 4 cleanup, 5 offset, 6 epoch, 7 outcomes, 8 swept, 9 tombstones
-- ARGV: 1 key prefix of jobs, 2 max_stalls, 3 ttl_seconds, 4 lease_ms
-- Returns {taken back, failed}: how many. Publishes each job, queued; or failed, when it has cost max_stalls
-- workers before: a document that kills what touches it must not take every worker down in turn.
--
-- When nobody has come here for half a lease, then nobody could renew either: Redis was away, or stood still. Whoever
-- still holds a job gets half a lease more to say so.
local half = tonumber(ARGV[4]) / 2
local away = now_ms() - (tonumber(redis.call('GET', KEYS[8])) or now_ms()) > half
redis.call('SET', KEYS[8], now_ms())
local ended = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, 1000)
if away then
  for _, id in ipairs(ended) do redis.call('ZADD', KEYS[1], now_ms() + half, id) end
  return { 0, 0 }
end

-- No claim has given so long a lease: the clock has been set back since, or another program has written it.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now_ms() + 10 * ARGV[4], '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', KEYS[1], now_ms() + ARGV[4], id)
end

local requeued, failed = 0, 0
for _, id in ipairs(ended) do
  redis.call('ZREM', KEYS[1], id)
  local key = ARGV[1] .. id
  local job = redis.call('TYPE', key).ok == 'hash' and read(key)
  if job and job[AT.status] == 'processing' then
    local stalls = count_up(job[AT.stalls])
    mark_dead(KEYS[4], key, job, id)
    if tonumber(stalls) > tonumber(ARGV[2]) then
      failed = failed + 1
      redis.pcall('HINCRBY', KEYS[7], 'failed', 1)
      settle(key, KEYS[1], KEYS[3], KEYS[9], id, ARGV[3])
      commit(key, KEYS[5], KEYS[6], job, {
        'status', 'failed', 'message', 'Processing failed', 'error_code', 'stalled', 'completed_at', stamp(),
        'stalls', stalls, 'error', string.format('%s workers were lost while they worked on this document.', stalls),
      })
    else
      requeued = requeued + 1
      redis.call('RPUSH', KEYS[2], id)
      commit(key, KEYS[5], KEYS[6], job,
        { 'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...',
          'stalls', stalls },
        { 'stage', 'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
    end
  end
end
return { requeued, failed }
