-- Makes a job that embeds a collection again, and queues it behind all others, unless one is under way.
-- Returns {id, created_at, status} of the new job or the one under way. A replay gets the job that it made.
-- Returns nil when the collection has no document.
-- Publishes the job, queued.
local made = look_up(id, job_prefix)
if made then return made end
local mark, is_active = reembed_of(counts_key, job_prefix)
if is_active then return look_up(string.match(mark, '^(.*):%d+$'), job_prefix) end
local documents = redis.pcall('HGET', counts_key, 'documents')
if type(documents) ~= 'string' then return nil end

redis.call('HSET', counts_key, 'reembed', id .. ':1')
redis.call('SADD', reembedding, cjson.encode({ tenant, collection }))
local ahead = redis.call('LPUSH', queue, id) - 1
redis.call('SADD', active, id)
redis.call('ZADD', recent, now_ms(), id)
commit(job_key, offset, epoch, read(job_key), queued_changes(
  'id', id, 'type', 'collection_reembed', 'payload', payload, 'collection', collection, 'tenant', tenant, 'run', '1',
  'max_retries', max_retries, 'created_at', stamp(), 'queued_ms', now_ms(), 'waiting_for', waits_for_worker(ahead)
))
return { id, stamp(), 'queued' }
