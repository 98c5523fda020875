-- Gives a job back unfinished, at the head of the queue. No try is counted: nothing was wrong with the job.
-- KEYS: 1 job, 2 leases, 3 queue, 4 cleanup, 5 offset, 6 epoch
-- ARGV: 1 id, 2 token
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, queued. What the caller wrote to Chroma is marked for cleanup.
local job = read(KEYS[1])
if job[AT.status] == 'queued' and job[AT.token] == ARGV[2] then return 1 end
if not holds(job[AT.status], job[AT.token], ARGV[2]) then return 0 end
mark_dead(KEYS[4], KEYS[1], job, ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('RPUSH', KEYS[3], ARGV[1])
local attempt = math.max(0, (tonumber(job[AT.attempt]) or 1) - 1)
commit(KEYS[1], KEYS[5], KEYS[6], job, {
  'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...',
  'attempt', string.format('%.0f', attempt),
}, { 'stage', 'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
return 1
