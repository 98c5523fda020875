-- Takes back the job of a refused upload. Redis may have made it although the reply was lost.
-- Returns 1, or 0 when there is no such job.
-- Publishes an active job, failed with the code cancelled, because clients may watch it. Removes all its data.
-- Keeps a document that the job replaced, or that an accepted copy completed with. Its chunks are complete, but its
-- original is the refused one. So the document shows `file_gone`, and the next upload of it brings an original.
-- Publishes its id on the channel of cancellations, because a worker may already run it.
if redis.call('TYPE', job_key).ok ~= 'hash' then return 0 end
local job = read(job_key)
local token = job[AT.token]
if token then
  mark_dead(cleanup, job_key, job, id)
  local target = read_payload(job_key).document_id
  local document = type(target) == 'string' and target or id
  local key = document_prefix .. document
  local found = redis.pcall('HMGET', key, 'generation', 'shared', 'copy', 'name')
  if found[1] == token and (document ~= id or found[2]) then
    redis.call('HSET', key, 'file_gone', '1')
  elseif found[1] == token then
    pcall(uncount_document, collections_key, key)
    forget_document(id, found[3], found[4], line_prefix)
    redis.call('DEL', key)
    redis.call('ZREM', documents_key, id)
    redis.call('ZREM', collection_key, id)
  end
  redis.call('PUBLISH', cancelled, id)
end
leave_queue({ queue = queue, lanes = lanes, lane_prefix = lane_prefix }, id, job)
leave_lines(job_key, id,
  { line_prefix = line_prefix, queue = queue, parked = parked, offset = offset, epoch = epoch })
redis.call('SREM', active, id)
for _, key in ipairs({ recent, leases, delayed }) do redis.call('ZREM', key, id) end
if redis.call('HGET', idempotency_key, 'id') == id then redis.call('DEL', idempotency_key) end
if not is_terminal(job[AT.status]) then
  commit(job_key, offset, epoch, job, cancelled_changes('Upload refused'))
end
-- Ignores an error of a key that another program spoilt. A later check corrects the counts.
if job[AT.batch] then pcall(leave_batch, job[AT.tenant] or 'default', job[AT.batch], id) end
write_tombstone(tombstones, job_key, id, now_ms())
redis.call('DEL', job_key)
return 1
