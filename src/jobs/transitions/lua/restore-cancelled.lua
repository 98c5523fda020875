-- Restores a cancelled job that Redis has lost. No worker ever sees it.
-- Returns 1, or 0 if the job exists. Publishes the job, failed with the code cancelled.
local found = redis.call('TYPE', job_key).ok
if found == 'hash' then return 0 end
-- A value of another type is no job. Another program wrote it.
if found ~= 'none' then redis.call('DEL', job_key) end
-- Writes these first, because `commit` reads filename and collection.
redis.call('HSET', job_key, 'id', id, 'type', 'document_upload', 'progress', '0', 'fraction', '0',
  'payload', payload, 'tenant', tenant, 'run', '1', 'created_at', stamp())
redis.call('ZADD', recent, now_ms(), id)
redis.pcall('HINCRBY', outcomes, 'cancelled', 1)
if on_duplicate ~= '' then redis.call('HSET', job_key, 'on_duplicate', on_duplicate, 'copy', copy, 'name', name) end
commit(job_key, offset, epoch, read(job_key), cancelled_changes('Cancelled'))
redis.call('EXPIRE', job_key, ttl_seconds)
write_tombstone(tombstones, job_key, id, now_ms() + tonumber(ttl_seconds) * 1000)
return 1
