-- Takes jobs back from workers that were lost: their lease has ended.
-- KEYS: 1 leases, 2 queue, 3 active, 4 cleanup, 5 sequence, 6 history, 7 outcomes
-- ARGV: 1 key prefix of jobs, 2 max_stalls, 3 ttl_seconds
-- Returns {taken back, failed}: how many. Publishes each job, queued; or failed, when it has cost max_stalls
-- workers before: a document that kills what touches it must not take every worker down in turn.
local now = now_ms()
local requeued, failed = 0, 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
  redis.call('ZREM', KEYS[1], id)
  local job = ARGV[1] .. id
  if redis.call('TYPE', job).ok == 'hash' and redis.call('HGET', job, 'status') == 'processing' then
    local stalls = count_up(job, 'stalls')
    bury(KEYS[4], job, id, redis.call('HGET', job, 'token') or '', now)
    if stalls > tonumber(ARGV[2]) then
      failed = failed + 1
      redis.call('HINCRBY', KEYS[7], 'failed', 1)
      settle(job, KEYS[1], KEYS[3], id, ARGV[3])
      commit(job, KEYS[5], KEYS[6], {
        'status', 'failed', 'message', 'Processing failed', 'error_code', 'stalled', 'completed_at', rfc3339(now),
        'error', string.format('%d workers were lost while they worked on this document.', stalls),
      })
    else
      requeued = requeued + 1
      redis.call('RPUSH', KEYS[2], id)
      commit(job, KEYS[5], KEYS[6],
        { 'status', 'queued', 'progress', '0', 'message', 'Waiting for worker...' },
        { 'stage', 'pages_done', 'pages_total', 'chunks_done', 'chunks_total' })
    end
  end
end
return { requeued, failed }
