-- Cancels a job in any state. Its holder can change nothing from then on.
-- Returns the outcome before, or else the status before; nil for an unknown job. A terminal job stays unchanged.
-- Publishes the job, failed with the code cancelled. Publishes its id on the channel of cancellations, so that its
-- worker stops at once.
if redis.call('TYPE', job_key).ok ~= 'hash' then return nil end
local job = read(job_key)
local ended, status = outcome(job), job[AT.status]
if ended then return ended end
cancel_job(job_key, id, job, {
  queue = queue, lanes = lanes, leases = leases, active = active, delayed = delayed, cleanup = cleanup, offset = offset, epoch = epoch,
  outcomes = outcomes, cancelled = cancelled, tombstones = tombstones, parked = parked, ttl_seconds = ttl_seconds,
  line_prefix = line_prefix, lane_prefix = lane_prefix,
})
return status or 'queued'
