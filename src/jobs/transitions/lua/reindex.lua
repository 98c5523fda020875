-- Makes a job that indexes a document again, and queues it behind all others, unless one is under way.
-- Returns {id, created_at, status} of the new job or the one under way. A replay gets the job that it made.
-- Returns nil when the document is gone, or has another generation.
-- Publishes the job, queued.
local made = look_up(id, job_prefix)
if made then return made end
local document = redis.pcall('HMGET', document_key, 'generation', 'reindex_job', 'reindex_tries')
if document.err or document[1] ~= generation then return nil end
-- The job of the document's own upload also makes all chunks. It runs once more after Redis lost its end.
for _, job_id in ipairs({ document[2] or '', document_id }) do
  local found = look_up(job_id, job_prefix)
  if found and not is_terminal(found[3]) then return found end
end

redis.call('HSET', document_key, 'reindex_job', id, 'reindex_tries', count_up(document[3]))
redis.call('HDEL', document_key, 'file_gone')
redis.call('SADD', reindexing, document_id)
-- Waits beyond the job's end, which the listing of due documents notices.
redis.call('ZADD', incomplete, 'XX', now_ms() + tonumber(longest_wait_ms), document_id)
local ahead = redis.call('LPUSH', queue, id) - 1
redis.call('SADD', active, id)
redis.call('ZADD', recent, now_ms(), id)
commit(job_key, offset, epoch, read(job_key), {
  'id', id, 'type', 'document_upload', 'status', 'queued', 'progress', '0',
  'message', 'Waiting for worker...', 'payload', payload, 'filename', filename, 'collection', collection, 'tenant', tenant, 'run', '1',
  'max_retries', max_retries, 'created_at', stamp(), 'queued_ms', now_ms(), 'waiting_for', waits_for_worker(ahead),
})
return { id, stamp(), 'queued' }
