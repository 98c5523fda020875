-- Fails a job for good. Its progress stays where it stopped.
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, failed. Marks the caller's chunks for cleanup.
local job = read(job_key)
if outcome(job) == 'failed' and job[AT.token] == token then return 1 end
if not holds(job[AT.status], job[AT.token], token) then return 0 end
mark_dead(cleanup, job_key, job, id)
redis.pcall('HINCRBY', outcomes, 'failed', 1)
settle(job_key, leases, active, tombstones, id, ttl_seconds)
leave_lines(job_key, id,
  { line_prefix = line_prefix, queue = queue, parked = parked, offset = offset, epoch = epoch })
commit(job_key, offset, epoch, job, {
  'status', 'failed', 'message', message, 'error', error_text, 'error_code', error_code,
  'retry_count', job[AT.retry_count] or '0', 'completed_at', stamp(),
})
return 1
