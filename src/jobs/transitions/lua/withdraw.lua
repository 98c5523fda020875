-- Takes back the job of a refused upload. Redis may have made it although the reply was lost.
-- Returns 1, or 0 when there is no such job.
-- Publishes an active job, failed with the code cancelled, because clients may watch it. Removes all its data.
-- Publishes its id on the channel of cancellations, because a worker may already run it.
if redis.call('TYPE', job_key).ok ~= 'hash' then return 0 end
local job = read(job_key)
local token = job[AT.token]
if token then
  mark_dead(cleanup, job_key, job, id)
  if redis.call('HGET', document_key, 'generation') == token then
    pcall(uncount_document, collections_key, document_key)
    local copy, name = unpack(redis.call('HMGET', document_key, 'copy', 'name'))
    forget_document(id, copy, name, line_prefix)
    redis.call('DEL', document_key)
    redis.call('ZREM', documents_key, id)
    redis.call('ZREM', collection_key, id)
  end
  redis.call('PUBLISH', cancelled, id)
end
redis.call('LREM', queue, 0, id)
leave_lines(job_key, id, line_prefix, queue, parked)
redis.call('SREM', active, id)
for _, key in ipairs({ recent, leases, delayed }) do redis.call('ZREM', key, id) end
if redis.call('HGET', idempotency_key, 'id') == id then redis.call('DEL', idempotency_key) end
if not is_terminal(job[AT.status]) then
  commit(job_key, offset, epoch, job, cancelled_changes('Upload refused'))
end
write_tombstone(tombstones, job_key, id, now_ms())
redis.call('DEL', job_key)
return 1
