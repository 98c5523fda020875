-- Deletes a document: search and lists no longer show it. Marks its chunks dead, and writes the tombstone of its original.
-- Cancels the jobs that would write it again.
-- Returns the ids of the cancelled jobs; nil if the document is gone, or belongs to another tenant or collection. A
-- replay gets nil.
-- Publishes each cancelled job, failed with the code cancelled.
local found = redis.pcall('HMGET', document_key, 'tenant', 'collection', 'generation', 'file_key', 'copy', 'name',
  'reindex_job', 'replaced_by')
if found.err or found[1] ~= tenant or (found[2] or '') ~= collection then return nil end

-- The marks come first, because Redis does not roll back a script that fails half-way.
mark_chunks_dead(cleanup, tenant, collection, id, found[3] or '', now_ms())
if found[4] then redis.call('ZADD', tombstones, now_ms(), encode_tombstone('', id, found[4])) end
pcall(uncount_document, collections_key, document_key)
for _, key in ipairs({ documents_key, collection_key, incomplete, edited }) do redis.pcall('ZREM', key, id) end
redis.pcall('SREM', reindexing, id)
forget_document(id, found[5], found[6], line_prefix)
redis.call('DEL', document_key)
-- Proves later that chunks of the document are dead. A worker may still write some.
if redis.call('TYPE', job_prefix .. id).ok == 'hash' then redis.call('HSET', job_prefix .. id, 'deleted', '1') end

local ended = {}
for _, job_id in ipairs({ id, found[7] or '', found[8] or '' }) do
  local key = job_prefix .. job_id
  if redis.call('TYPE', key).ok == 'hash' then
    local job = read(key)
    if not outcome(job) and (job_id == id or read_payload(key).document_id == id) then
      cancel_job(key, job_id, job, {
        queue = queue, lanes = lanes, leases = leases, active = active, delayed = delayed, cleanup = cleanup, offset = offset,
        epoch = epoch, outcomes = outcomes, cancelled = cancelled, tombstones = tombstones, parked = parked,
        ttl_seconds = ttl_seconds, line_prefix = line_prefix, lane_prefix = lane_prefix,
      })
      ended[#ended + 1] = job_id
    end
  end
end
return ended
