-- Makes a job and queues it.
-- KEYS: 1 job, 2 queue, 3 active, 4 sequence, 5 history
-- ARGV: 1 id, 2 tenant, 3 payload (JSON), 4 max_retries
-- Returns {status, created_at} of the job; a job that exists already is left as it is (a replay).
-- Publishes the job, queued.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HMGET', KEYS[1], 'status', 'created_at')
end
local now = now_ms()
local created = rfc3339(now)
redis.call('LPUSH', KEYS[2], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
commit(KEYS[1], KEYS[4], KEYS[5], {
  'id', ARGV[1], 'type', 'document_upload', 'status', 'queued', 'progress', '0',
  'message', 'Waiting for worker...', 'payload', ARGV[3], 'tenant', ARGV[2], 'run', '1',
  'max_retries', ARGV[4], 'created_at', created, 'created_ms', now,
})
return { 'queued', created }
