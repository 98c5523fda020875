-- Schedules another attempt after a delay, and counts the retry. With counts_retry '0' it counts neither retry nor attempt.
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, retrying. Marks the caller's chunks for cleanup, unless has_chunks is '0': it then wrote none.
local job = read(job_key)
if job[AT.status] == 'retrying' and job[AT.token] == token then return 1 end
if not holds(job[AT.status], job[AT.token], token) then return 0 end
local count, attempt = job[AT.retry_count] or '0', job[AT.attempt] or '1'
if counts_retry == '1' then
  count = count_up(count)
else
  attempt = string.format('%.0f', math.max(0, (tonumber(attempt) or 1) - 1))
end
if has_chunks == '1' then mark_dead(cleanup, job_key, job, id) end
redis.call('ZREM', leases, id)
local due = string.format('%.0f', now_ms() + tonumber(delay_ms))
redis.call('ZADD', delayed, due, id)
commit(job_key, offset, epoch, job, {
  'status', 'retrying', 'progress', '0', 'fraction', '0', 'retry_count', count, 'attempt', attempt,
  'error', error_text, 'error_code', error_code,
  'waiting_for', (error_code == 'collection_reembedding' and 'collection ' or 'retry ') .. due,
  'message', string.format('Retrying (%s/%s): %s', count, job[AT.max_retries] or '0', error_text),
}, drop_counts('stage'))
return 1
