-- Completes a job that has embedded a collection again.
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, completed, without a result.
local job = read(job_key)
if job[AT.status] == 'completed' and job[AT.token] == token then return 1 end
if not holds(job[AT.status], job[AT.token], token) then return 0 end
redis.pcall('HINCRBY', outcomes, 'completed', 1)
redis.call('ZREM', leases, id)
redis.call('SREM', active, id)
redis.call('EXPIRE', job_key, ttl_seconds)
commit(job_key, offset, epoch, job, {
  'status', 'completed', 'progress', '100', 'fraction', '1', 'message', 'Collection embedded again',
  'completed_at', stamp(),
})
return 1
