-- Starts a failed or cancelled job again as its next run. Other jobs stay unchanged.
-- Returns the job's status before, or nil for an unknown job.
-- Publishes the job, queued.
if redis.call('TYPE', job_key).ok ~= 'hash' then return nil end
local job = read(job_key)
local status, run = job[AT.status], tonumber(job[AT.run]) or 1
if not is_terminal(status) or status == 'completed' then return status or 'queued' end
if run ~= tonumber(ended_run) then return 'queued' end
redis.call('PERSIST', job_key)
-- The second one is that of a job whose document a client deleted.
for _, owner in ipairs({ id, '' }) do
  local tombstone = tombstone_of(job_key, id, owner)
  if tombstone then redis.pcall('ZREM', tombstones, tombstone) end
end
local ahead = queue_last({ queue = queue, lanes = lanes, lane_prefix = lane_prefix, offset = offset }, id, job,
  redis.call('HGET', job_key, 'priority'))
redis.call('SADD', active, id)
commit(job_key, offset, epoch, job, queued_changes(
  'run', count_up(run), 'retry_count', '0', 'attempt', '0', 'stalls', '0', 'queued_ms', now_ms(),
  'waiting_for', waits_for_worker(ahead)
), drop_counts('error', 'error_code', 'result', 'started_at', 'started_ms', 'completed_at', 'stage', 'token'))
return 'failed'
