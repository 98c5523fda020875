-- Starts a failed job, cancelled ones included, again as its next run.
-- KEYS: 1 job, 2 queue, 3 active, 4 offset, 5 epoch, 6 tombstones
-- ARGV: 1 id, 2 run that is over (a replay finds another)
-- Returns the job's status before, or nil for an unknown job. Changes only a failed job.
-- Publishes the job, queued.
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return nil end
local job = read(KEYS[1])
local status, run = job[AT.status], tonumber(job[AT.run]) or 1
if not is_terminal(status) or status == 'completed' then return status or 'queued' end
if run ~= tonumber(ARGV[2]) then return 'queued' end
redis.call('PERSIST', KEYS[1])
local tombstone = tombstone_of(KEYS[1], ARGV[1])
if tombstone then redis.pcall('ZREM', KEYS[6], tombstone) end
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
commit(KEYS[1], KEYS[4], KEYS[5], job, {
  'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...', 'run', count_up(run),
  'retry_count', '0', 'attempt', '0', 'stalls', '0', 'queued_ms', now_ms(),
}, { 'error', 'error_code', 'result', 'started_at', 'started_ms', 'completed_at', 'stage', 'token',
  'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
return 'failed'
