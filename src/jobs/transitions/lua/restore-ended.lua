-- Restores an ended job that Redis has lost: a cancelled one, or a completed one whose document has a later original. No
-- worker ever claims it.
-- document_id: of the completed job; '' for a cancelled one
-- Returns 1, or 0 if the job exists, or its document does not. Publishes the job, failed with the code cancelled, or
-- completed.
local found = redis.call('TYPE', job_key).ok
if found == 'hash' then return 0 end
local is_completed = document_id ~= ''
-- A document of another type gives an error.
local chunk_count = is_completed and redis.pcall('HGET', document_key, 'chunk_count')
if is_completed and type(chunk_count) ~= 'string' then return 0 end
-- A value of another type is no job. Another program wrote it.
if found ~= 'none' then redis.call('DEL', job_key) end
-- Writes these first, because `commit` reads filename and collection.
redis.call('HSET', job_key, 'id', id, 'type', 'document_upload', 'progress', '0', 'fraction', '0',
  'payload', payload, 'tenant', tenant, 'run', '1', 'created_at', stamp())
redis.call('ZADD', recent, now_ms(), id)
redis.pcall('HINCRBY', outcomes, is_completed and 'completed' or 'cancelled', 1)
if on_duplicate ~= '' then redis.call('HSET', job_key, 'on_duplicate', on_duplicate, 'copy', copy, 'name', name) end
if batch ~= '' then
  open_batch(tenant, batch, ttl_seconds)
  redis.call('HSET', job_key, 'batch', batch)
end
commit(job_key, offset, epoch, read(job_key), is_completed and
  completed_changes(result_of(document_id, whole(chunk_count), read_payload(job_key).collection or 'default')) or
  cancelled_changes('Cancelled'))
redis.call('EXPIRE', job_key, ttl_seconds)
if not is_completed then write_tombstone(tombstones, job_key, id, now_ms() + tonumber(ttl_seconds) * 1000) end
return 1
