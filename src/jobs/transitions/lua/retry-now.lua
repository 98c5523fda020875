-- Ends a job's wait for its retry, which becomes due now. The run and its count of retries stay.
-- KEYS: 1 job, 2 queue, 3 delayed, 4 offset, 5 epoch
-- ARGV: 1 id, 2 version of the job that waits (a replay finds another)
-- Returns 1, or 0 for an unknown job, or one that has changed since. Publishes the job, queued.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
local job = read(KEYS[1])
if job[AT.status] ~= 'retrying' or (tonumber(job[AT.version]) or 0) ~= tonumber(ARGV[2]) then return 0 end
-- A job that is not delayed is in the queue. A second entry there would start the next retry too soon.
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then redis.call('LPUSH', KEYS[2], ARGV[1]) end
commit(KEYS[1], KEYS[4], KEYS[5], job,
  { 'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...', 'queued_ms', now_ms() },
  { 'error', 'error_code' })
return 1
