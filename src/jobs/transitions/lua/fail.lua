-- Fails a job for good. Its progress stays where it stopped.
-- KEYS: 1 job, 2 leases, 3 active, 4 cleanup, 5 offset, 6 epoch, 7 outcomes, 8 tombstones
-- ARGV: 1 id, 2 token, 3 message, 4 error, 5 error_code, 6 ttl_seconds
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, failed. What the caller wrote to Chroma is marked for cleanup.
local job = read(KEYS[1])
if outcome(job) == 'failed' and job[AT.token] == ARGV[2] then return 1 end
if not holds(job[AT.status], job[AT.token], ARGV[2]) then return 0 end
mark_dead(KEYS[4], KEYS[1], job, ARGV[1])
redis.pcall('HINCRBY', KEYS[7], 'failed', 1)
settle(KEYS[1], KEYS[2], KEYS[3], KEYS[8], ARGV[1], ARGV[6])
commit(KEYS[1], KEYS[5], KEYS[6], job, {
  'status', 'failed', 'message', ARGV[3], 'error', ARGV[4], 'error_code', ARGV[5],
  'retry_count', job[AT.retry_count] or '0', 'completed_at', stamp(),
})
return 1
