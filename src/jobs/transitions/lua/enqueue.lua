-- Makes a job and queues it.
-- Returns {id, created_at} of the job. An existing job stays unchanged (a replay). If the client's key names a job of the
-- same fingerprint, returns that job. For another fingerprint, returns {'', 'conflict'}. If the job's batch has most_jobs
-- jobs, returns {'', 'batch_full'}.
-- Publishes the job, queued, and completed if its document exists.
-- Fails if the installation uses another blob store, because no worker could read the file. An emptied Redis names
-- none, and accepts jobs from every store.
if is_foreign(installation, store, false) then
  return redis.error_reply('FOREIGN the installation uses another blob store')
end
local found = redis.call('TYPE', job_key).ok
if found == 'hash' then return { id, redis.call('HGET', job_key, 'created_at') } end
-- A value of another type is no job. Another program wrote it.
if found ~= 'none' then redis.call('DEL', job_key) end
if fingerprint ~= '' then
  local known = redis.call('HMGET', idempotency_key, 'fingerprint', 'id', 'created_at')
  if known[1] == fingerprint then return { known[2], known[3] } end
  if known[1] then return { '', 'conflict' } end
end
if batch ~= '' and not open_batch(tenant, batch, ttl_seconds, forgotten ~= '1' and tonumber(most_jobs) or nil) then
  return { '', 'batch_full' }
end
redis.call('SADD', active, id)
redis.call('ZADD', recent, now_ms(), id)
if fingerprint ~= '' then
  redis.call('HSET', idempotency_key, 'fingerprint', fingerprint, 'id', id, 'created_at', stamp())
  redis.call('EXPIRE', idempotency_key, idempotency_ttl_seconds)
end
local job = read(job_key)
-- A client may still hold a version of a forgotten job. No version is beyond the offset, which each event increments.
if forgotten == '1' then job[AT.version] = redis.call('GET', offset) end
local at = {
  job_prefix = job_prefix, document_prefix = document_prefix, line_prefix = line_prefix, queue = queue, parked = parked,
  active = active, offset = offset, epoch = epoch, outcomes = outcomes, lanes = lanes, lane_prefix = lane_prefix,
  ttl_seconds = ttl_seconds, model = model, reader_version = reader_version, recovered = recovered, server = server,
  -- `encodePayload` puts the document of a restored job first.
  restores = on_duplicate == 'keep' and string.sub(payload, 1, 15) == '{"document_id":',
}
local optional, is_copy = {}, on_duplicate ~= ''
if batch ~= '' then optional = { 'batch', batch } end
if is_copy then
  for _, part in ipairs({ 'on_duplicate', on_duplicate, 'copy', copy, 'name', name }) do optional[#optional + 1] = part end
end
if priority ~= '' then optional[#optional + 1], optional[#optional + 2] = 'priority', priority end
local ahead = count_ahead(at, tenant .. ':' .. collection, priority)
-- An error here would leave an idempotency key without its job.
local running = ahead > 0 and tonumber(redis.pcall('ZCARD', leases)) or 0
commit(job_key, offset, epoch, job, queued_changes(
  'id', id, 'type', 'document_upload', 'payload', payload, 'filename', filename, 'collection', collection,
  'tenant', tenant, 'run', '1', 'max_retries', max_retries, 'created_at', stamp(), 'queued_ms', now_ms(),
  'waiting_for', waits_for_worker(ahead),
  'time_left_ms', time_left(read_costs(costs), payload, ahead, running),
  unpack(optional)
), nil, false, '')
local admitted = not is_copy and 'run' or admit(id, job_key, job, at, payload, on_duplicate, copy, name)
if admitted == 'run' then queue_last(at, id, job, priority) end
return { id, stamp() }
