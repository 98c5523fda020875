-- Takes jobs back from workers that were lost: their lease has ended.
-- Returns {taken back, failed}: how many. Publishes each job, queued; or failed, when it has cost max_stalls
-- workers before: a document that kills what touches it must not take every worker down in turn.
--
-- When nobody has come here for half a lease, then nobody could renew either: Redis was away, or stood still. Whoever
-- still holds a job gets half a lease more to say so.
local half = tonumber(lease_ms) / 2
local away = now_ms() - (tonumber(redis.call('GET', swept)) or now_ms()) > half
redis.call('SET', swept, now_ms())
local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms(), 'LIMIT', 0, 1000)
if away then
  for _, id in ipairs(ended) do redis.call('ZADD', leases, now_ms() + half, id) end
  return { 0, 0 }
end

-- No claim has given so long a lease: the clock has been set back since, or another program has written it.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, now_ms() + 10 * lease_ms, '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', leases, now_ms() + lease_ms, id)
end

local requeued, failed = 0, 0
for _, id in ipairs(ended) do
  redis.call('ZREM', leases, id)
  local key = job_prefix .. id
  local job = redis.call('TYPE', key).ok == 'hash' and read(key)
  if job and job[AT.status] == 'processing' then
    local stalls = count_up(job[AT.stalls])
    mark_dead(cleanup, key, job, id)
    if tonumber(stalls) > tonumber(max_stalls) then
      failed = failed + 1
      redis.pcall('HINCRBY', outcomes, 'failed', 1)
      settle(key, leases, active, tombstones, id, ttl_seconds)
      commit(key, offset, epoch, job, {
        'status', 'failed', 'message', 'Processing failed', 'error_code', 'stalled', 'completed_at', stamp(),
        'stalls', stalls, 'error', string.format('%s workers were lost while they worked on this document.', stalls),
      })
    else
      requeued = requeued + 1
      redis.call('RPUSH', queue, id)
      commit(key, offset, epoch, job, queued_changes('stalls', stalls), drop_counts('stage'))
    end
  end
end
return { requeued, failed }
