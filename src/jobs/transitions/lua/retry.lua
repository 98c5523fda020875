-- Gives a job another try after a delay, and counts it.
-- KEYS: 1 job, 2 leases, 3 delayed, 4 cleanup, 5 offset, 6 epoch
-- ARGV: 1 id, 2 token, 3 delay_ms, 4 error, 5 error_code
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, retrying. What the caller wrote to Chroma is marked for cleanup.
local job = read(KEYS[1])
if job[AT.status] == 'retrying' and job[AT.token] == ARGV[2] then return 1 end
if not holds(job[AT.status], job[AT.token], ARGV[2]) then return 0 end
local count = count_up(job[AT.retry_count])
mark_dead(KEYS[4], KEYS[1], job, ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[3], now_ms() + tonumber(ARGV[3]), ARGV[1])
commit(KEYS[1], KEYS[5], KEYS[6], job, {
  'status', 'retrying', 'progress', '0', 'fraction', '0', 'retry_count', count,
  'error', ARGV[4], 'error_code', ARGV[5],
  'message', string.format('Retrying (%s/%s): %s', count, job[AT.max_retries] or '0', ARGV[4]),
}, { 'stage', 'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
return 1
