-- Takes jobs with an ended lease back from lost workers.
-- Returns the numbers {taken back, failed}. Publishes each job, queued or failed. A job fails after more than max_stalls
-- lost workers, because a harmful document must not kill every worker in turn.
--
-- If no worker ran this for half a lease, Redis was away, and no worker could renew. Holders then get half a lease more.
local half = tonumber(lease_ms) / 2
local away = now_ms() - (tonumber(redis.call('GET', swept)) or now_ms()) > half
redis.call('SET', swept, now_ms())
local ended = redis.call('ZRANGEBYSCORE', leases, '-inf', now_ms(), 'LIMIT', 0, 1000)
if away then
  for _, id in ipairs(ended) do redis.call('ZADD', leases, now_ms() + half, id) end
  return { 0, 0 }
end

-- No claim gives so long a lease. The clock was set back since, or another program wrote the time.
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
      leave_lines(key, id,
        { line_prefix = line_prefix, queue = queue, parked = parked, offset = offset, epoch = epoch })
      commit(key, offset, epoch, job, {
        'status', 'failed', 'message', 'Processing failed', 'error_code', 'stalled', 'completed_at', stamp(),
        'stalls', stalls, 'error', string.format('%s workers were lost while they worked on this document.', stalls),
      })
    else
      requeued = requeued + 1
      queue_first({ queue = queue, lanes = lanes, lane_prefix = lane_prefix, offset = offset }, id, job,
        redis.call('HGET', key, 'priority'))
      commit(key, offset, epoch, job, queued_changes('stalls', stalls), drop_counts('stage'))
    end
  end
end
return { requeued, failed }
