-- Takes the reports of holders in their order: a job's progress, or its completion.
-- Each report begins with its kind, job id, token, number of further arguments, and the job's version after it.
-- A progress report goes on with
--   - the number of steps. Each step is one version further.
--   - the job's values after `updated_at` at each step.
--   - the job after the last step, as field, value, ...
-- A complete report goes on with
--   - its result as JSON up to the processing time, and the same within a JSON string.
--   - the job's values after `result`.
--   - document id, collection, chunk_count.
--   - the keys of the document, of all documents, of the collection's documents, of all collections and of incomplete
--     documents.
--   - the generation that it may replace, or '' for any.
--   - the run that had embedded the collection again when the job began, as `reembed_of` returns it.
--   - the number of arguments for the document's fields, and those fields. Then the job's, all as field, value, ...
-- Values are a JSON array without its opening bracket.
-- Returns one reply for each report:
--   - 1 when it counts. A replay gets 1, too, and changes nothing.
--   - 0 when the caller no longer holds the job.
--   - 2 when the document is gone, or has another generation than the one to replace.
--   - 3 when the documents of the collection have another model.
--   - 4 when a job embeds the collection again, or has done so since this one began. It may have moved the chunks.
--   - an error, which harms no other report.
-- Publishes each job that changes.
--
-- Only its holder changes a held job. So the holder sends the whole job, without the time, which only Redis knows.
-- Reading the job here and encoding it as JSON costs Redis a third more.

-- A version that the job has reached is a replay. No reader sees the steps of one call in the hash. So the script writes
-- the last step, and publishes each new one.
local function progress(key, version, at, last)
  local new = tonumber(reports[at]) - (tonumber(version) or 0)
  if new <= 0 then return end
  local fields = at + 2 + reports[at + 1]
  redis.call('HSET', key, 'updated_at', stamp(), 'version', reports[at], unpack(reports, fields, last))
  local updated_at = '["' .. stamp() .. '",'
  for step = math.max(at + 2, fields - new), fields - 1 do publish(key, offset, epoch, updated_at, reports[step]) end
end

local completed, times = {}, {}

-- Decides which metadata a completed document has. An edit during a reindex, or while a copy repairs the document, stays.
-- A worker writes it to the new chunks. Any other job brings the metadata of its upload.
-- metadata, copy: those of the document before
local function settle_edit(document, document_key, repairs, metadata, copy)
  if not repairs then
    redis.call('HDEL', document_key, 'edited_ms', 'edit_pending')
    redis.pcall('ZREM', edited, document)
  elseif metadata and redis.call('HGET', document_key, 'metadata') ~= metadata then
    redis.call('HSET', document_key, 'metadata', metadata, 'edit_pending', '1')
    -- A document of an older version has no copy. The next count enters it under its edited metadata.
    if copy then redis.call('HSET', document_key, 'copy', copy) else redis.call('HDEL', document_key, 'copy') end
    pcall(on_line, 'ZADD', edited, now_ms(), document)
  end
end

-- Registers the document with the holder's token as its live generation, and completes the job. Marks the former live
-- generation for cleanup. Returns 1. Returns 2, 3 or 4 if it may not register the document: it then writes nothing.
local function complete(key, id, token, started_ms, at, last)
  local version, result, result_in_json, values = unpack(reports, at, at + 3)
  local document, collection, chunk_count, document_key, all_key, collection_key = unpack(reports, at + 4, at + 9)
  local collections_key, incomplete, replaces, reembed = unpack(reports, at + 10, at + 13)
  local fields = at + 15 + reports[at + 14]
  local took = string.format('%.0f', math.max(0, now_ms() - (tonumber(started_ms) or now_ms())))

  local before = redis.call('HMGET', document_key, 'generation', 'tenant', 'collection', 'created_at', 'file_key',
    'copy', 'metadata')
  if replaces ~= '' and before[1] ~= replaces then return 2 end
  local counts_key = collections_key .. ':' .. collection
  local mark, goes_on = reembed_of(counts_key, job_prefix)
  if goes_on or mark ~= reembed then return 4 end
  local by_name = {}
  for place = at + 15, fields - 1, 2 do by_name[reports[place]] = reports[place + 1] end
  if not takes_model(counts_key, by_name.dimension or '', by_name.model or '') then return 3 end
  if before[1] and before[1] ~= token then
    -- Notes about the old generation's chunks do not apply to the new ones.
    redis.call('HDEL', document_key, 'missing_chunks', 'file_gone', 'reindex_job', 'reindex_tries')
    if redis.call('HGET', document_key, 'replaced_by') == id then redis.call('HDEL', document_key, 'replaced_by') end
    redis.pcall('ZREM', incomplete, document)
    mark_chunks_dead(cleanup, before[2] or 'default', before[3] or collection, document, before[1], now_ms())
  end
  redis.call('ZADD', all_key, 'NX', now_ms(), document)
  redis.call('ZADD', collection_key, 'NX', now_ms(), document)
  redis.call('HSET', document_key, 'created_at', before[4] or stamp(), 'updated_at', stamp(), 'generation', token,
    'chunk_count', chunk_count, unpack(reports, at + 15, fields - 1))
  local repairs = replaces ~= '' or (document ~= id and redis.call('HGET', key, 'on_duplicate') == 'skip')
  settle_edit(document, document_key, repairs, before[7], before[6])
  local file_key, copy, name = unpack(redis.call('HMGET', document_key, 'file_key', 'copy', 'name'))
  enter_document(document, before[6], copy, name, line_prefix)
  if before[3] and before[3] ~= collection then redis.pcall('ZREM', all_key .. ':' .. before[3], document) end
  -- Ignores an error of a key that another program spoilt. A later count corrects it.
  pcall(count_document, collections_key, document_key)
  -- The document's former original is no longer in use.
  if before[5] and before[5] ~= file_key then
    redis.pcall('ZADD', tombstones, now_ms() + tonumber(ttl_seconds) * 1000, encode_tombstone('', document, before[5]))
  end

  redis.call('HSET', key, 'status', 'completed', 'updated_at', stamp(), 'completed_at', stamp(), 'version', version,
    'result', result .. took .. '}', unpack(reports, fields, last))
  redis.call('EXPIRE', key, ttl_seconds)
  publish(key, offset, epoch,
    '["' .. stamp() .. '","' .. stamp() .. '",' .. result_in_json .. took .. '}",', values)
  leave_lines(key, id, line_prefix, queue, parked)
  completed[#completed + 1], times[#times + 1] = id, took
  return 1
end

local function take(at)
  local kind, id, token = reports[at], reports[at + 1], reports[at + 2]
  local last = at + 3 + reports[at + 3]
  local key = job_prefix .. id
  local status, holder, version, started_ms = unpack(redis.call('HMGET', key, 'status', 'token', 'version', 'started_ms'))
  if status == 'completed' and holder == token then return 1 end
  if not holds(status, holder, token) then return 0 end
  if kind == 'complete' then return complete(key, id, token, started_ms, at + 4, last) end
  progress(key, version, at + 4, last)
  return 1
end

-- Reserves an offset for each argument, because there are fewer events.
reserve(offset, #reports)
local replies = {}
local at = 1
while reports[at] do
  local ok, reply = pcall(take, at)
  replies[#replies + 1] = ok and reply or redis.error_reply(type(reply) == 'table' and reply.err or reply)
  at = at + 4 + reports[at + 3]
end
give_back(offset)

if #completed > 0 then
  -- Ignores errors of keys that another program spoilt, because the jobs are complete. The sweep repairs the keys.
  redis.pcall('ZREM', leases, unpack(completed))
  redis.pcall('SREM', active, unpack(completed))
  redis.pcall('HINCRBY', outcomes, 'completed', #completed)
  redis.pcall('LPUSH', durations, unpack(times))
  redis.pcall('LTRIM', durations, 0, 999)
end
return replies
