-- Gives a job back unfinished, at the head of the queue and of its lane. It counts no attempt, because the job has no fault.
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, queued. Marks the caller's chunks for cleanup.
local job = read(job_key)
if job[AT.status] == 'queued' and job[AT.token] == token then return 1 end
if not holds(job[AT.status], job[AT.token], token) then return 0 end
mark_dead(cleanup, job_key, job, id)
redis.call('ZREM', leases, id)
queue_first({ queue = queue, lanes = lanes, lane_prefix = lane_prefix, offset = offset }, id, job,
  redis.call('HGET', job_key, 'priority'))
local attempt = math.max(0, (tonumber(job[AT.attempt]) or 1) - 1)
commit(job_key, offset, epoch, job, queued_changes('attempt', string.format('%.0f', attempt)),
  drop_counts('stage'))
return 1
