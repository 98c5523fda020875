-- Cancels a job in any state. Its holder can change nothing from then on.
-- Returns the outcome before, or else the status before; nil for an unknown job. A terminal job stays unchanged.
-- Publishes the job, failed with the code cancelled. Publishes its id on the channel of cancellations, so that its
-- worker stops at once.
if redis.call('TYPE', job_key).ok ~= 'hash' then return nil end
local job = read(job_key)
local ended, status = outcome(job), job[AT.status]
if ended then return ended end
if status == 'processing' then mark_dead(cleanup, job_key, job, id) end
redis.call('LREM', queue, 0, id)
redis.call('ZREM', delayed, id)
redis.pcall('HINCRBY', outcomes, 'cancelled', 1)
settle(job_key, leases, active, tombstones, id, ttl_seconds)
leave_lines(job_key, id, line_prefix, queue, parked)
commit(job_key, offset, epoch, job, cancelled_changes('Cancelled'))
redis.call('PUBLISH', cancelled, id)
return status or 'queued'
