-- Cancels a job, whatever it is doing. Its holder, if there is one, can change nothing any more.
-- KEYS: 1 job, 2 queue, 3 leases, 4 active, 5 delayed, 6 cleanup, 7 offset, 8 epoch, 9 outcomes, 10 channel of cancellations,
--       11 tombstones
-- ARGV: 1 id, 2 ttl_seconds
-- Returns the outcome before, or else the status before; nil for an unknown job. A terminal job stays unchanged.
-- Publishes the job, failed with the code cancelled. Publishes its id on the channel of cancellations, so that its
-- worker stops at once.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return nil end
local job = read(KEYS[1])
local ended, status = outcome(job), job[AT.status]
if ended then return ended end
if status == 'processing' then mark_dead(KEYS[6], KEYS[1], job, ARGV[1]) end
redis.call('LREM', KEYS[2], 0, ARGV[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.pcall('HINCRBY', KEYS[9], 'cancelled', 1)
settle(KEYS[1], KEYS[3], KEYS[4], KEYS[11], ARGV[1], ARGV[2])
commit(KEYS[1], KEYS[7], KEYS[8], job, cancelled('Cancelled'))
redis.call('PUBLISH', KEYS[10], ARGV[1])
return status or 'queued'
