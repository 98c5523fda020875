-- Ends a job's wait for its retry, which becomes due now. The run and its count of retries stay.
-- Returns 1, or 0 for an unknown job, or one that has changed since. Publishes the job, queued.
if redis.call('TYPE', job_key).ok ~= 'hash' then return 0 end
local job = read(job_key)
if job[AT.status] ~= 'retrying' or (tonumber(job[AT.version]) or 0) ~= tonumber(version) then return 0 end
-- A job that is not delayed is in the queue. A second entry there would start the next retry too soon.
local ahead
if redis.call('ZREM', delayed, id) == 1 then
  ahead = queue_last({ queue = queue, lanes = lanes, lane_prefix = lane_prefix, offset = offset }, id, job,
    redis.call('HGET', job_key, 'priority'))
end
commit(job_key, offset, epoch, job, queued_changes('queued_ms', now_ms(),
  unpack(ahead and { 'waiting_for', waits_for_worker(ahead) } or {})), { 'error', 'error_code' })
return 1
