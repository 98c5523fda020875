-- Takes the reports of holders in their order: a job's progress, or its completion.
-- Each report begins with its kind, job id, token, number of further arguments, and the job's versions before and after it.
-- A progress report goes on with
--   - the number of steps. Each step is one version further.
--   - the job's values after `updated_at` at each step.
--   - the fields that the last step has changed since the version before, as field, value, ...
-- A complete report goes on with
--   - its result as JSON up to the processing time, and the same within a JSON string.
--   - the job's values after `result`.
--   - document id, collection, chunk_count.
--   - the keys of the document, of all documents, of the collection's documents, of all collections and of incomplete
--     documents.
--   - the generation that it may replace, or '' for any.
--   - the run that had embedded the collection again when the job began, as `reembed_of` returns it.
--   - what the run cost, as `learn_costs` takes it; '' for a run that says nothing about others.
--   - the number of arguments for the document's fields, and those fields. Then the job's changed ones, all as field,
--     value, ...
-- The last changed field may be the timeline, which is not among the values.
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

-- Returns the fields of a job to write, as field, value, ...: those that have changed since the version before, or all that
-- the holder knows, if Redis has lost that version.
-- values: the job's values after the field, as JSON
-- changed, last: where the changed fields begin and end
local function fields_of(has_before, field, values, changed, last)
  if has_before then return unpack(reports, changed, last) end
  local all = {}
  for place, value in ipairs(cjson.decode('[' .. values)) do
    if value then all[#all + 1], all[#all + 2] = FIELDS[AT[field] + place], value end
  end
  if last > changed and reports[last - 1] == 'timeline' then all[#all + 1], all[#all + 2] = 'timeline', reports[last] end
  return unpack(all)
end

-- A version that the job has reached is a replay. No reader sees the steps of one call in the hash. So the script writes
-- the last step, and publishes each new one.
local function progress(key, version, at, last)
  local new = tonumber(reports[at + 1]) - (tonumber(version) or 0)
  if new <= 0 then return end
  local changed = at + 3 + reports[at + 2]
  redis.call('HSET', key, 'updated_at', stamp(), 'version', reports[at + 1],
    fields_of(version == reports[at], 'updated_at', reports[changed - 1], changed, last))
  local updated_at = '["' .. stamp() .. '",'
  for step = math.max(at + 3, changed - new), changed - 1 do publish(key, offset, epoch, updated_at, reports[step]) end
end

local completed, times, samples = {}, {}, {}
local lines_at = { line_prefix = line_prefix, queue = queue, parked = parked, offset = offset, epoch = epoch }

-- Fields of the job, and of the document before, that a completion reads.
local JOB = { 'status', 'token', 'version', 'started_ms', 'on_duplicate', 'copy', 'name', 'tenant', 'batch' }
local DOCUMENT = { 'generation', 'tenant', 'collection', 'created_at', 'file_key', 'copy', 'name', 'metadata', 'edited_ms',
  'edit_pending', 'size', 'dimension', 'model', 'counted' }

-- Returns the values of a hash by field.
local function read_named(key, fields)
  local named = {}
  for place, value in ipairs(redis.call('HMGET', key, unpack(fields))) do named[fields[place]] = value or nil end
  return named
end

-- Decides which metadata a completed document has. An edit during a reindex, or while a copy repairs the document, stays.
-- A worker writes it to the new chunks. Any other job brings the metadata of its upload. Returns the document's copy.
-- before, after: the document without and with the job's fields
local function settle_edit(document, document_key, repairs, before, after)
  if not repairs then
    if before.edited_ms or before.edit_pending then
      redis.call('HDEL', document_key, 'edited_ms', 'edit_pending')
      redis.pcall('ZREM', edited, document)
    end
  elseif before.metadata and after.metadata ~= before.metadata then
    redis.call('HSET', document_key, 'metadata', before.metadata, 'edit_pending', '1')
    pcall(on_line, 'ZADD', edited, now_ms(), document)
    -- A document of an older version has no copy. The next count enters it under its edited metadata.
    if before.copy then redis.call('HSET', document_key, 'copy', before.copy) else redis.call('HDEL', document_key, 'copy') end
    return before.copy
  end
  return after.copy
end

-- Registers the document with the holder's token as its live generation, and completes the job. Marks the former live
-- generation for cleanup. Returns 1. Returns 2, 3 or 4 if it may not register the document: it then writes nothing.
local function complete(key, id, token, job, at, last)
  local version, result, result_in_json, values = unpack(reports, at + 1, at + 4)
  local document, collection, chunk_count, document_key, all_key, collection_key = unpack(reports, at + 5, at + 10)
  local collections_key, incomplete, replaces, reembed, cost = unpack(reports, at + 11, at + 15)
  local changed = at + 17 + reports[at + 16]
  local took = string.format('%.0f', math.max(0, now_ms() - (tonumber(job.started_ms) or now_ms())))

  local before = read_named(document_key, DOCUMENT)
  if replaces ~= '' and before.generation ~= replaces then return 2 end
  local counts_key = collections_key .. ':' .. collection
  local mark, is_active = reembed_of(counts_key, job_prefix)
  if is_active or mark ~= reembed then return 4 end
  local given = { chunk_count = chunk_count }
  for place = at + 17, changed - 1, 2 do given[reports[place]] = reports[place + 1] end
  if not takes_model(counts_key, given.dimension or '', given.model or '') then return 3 end
  if before.generation and before.generation ~= token then
    -- Notes about the old generation's chunks do not apply to the new ones.
    redis.call('HDEL', document_key, 'missing_chunks', 'file_gone', 'reindex_job', 'reindex_tries')
    if redis.call('HGET', document_key, 'replaced_by') == id then redis.call('HDEL', document_key, 'replaced_by') end
    redis.pcall('ZREM', incomplete, document)
    mark_chunks_dead(cleanup, before.tenant or 'default', before.collection or collection, document, before.generation,
      now_ms())
  end
  redis.call('ZADD', all_key, 'NX', now_text(), document)
  redis.call('ZADD', collection_key, 'NX', now_text(), document)
  redis.call('HSET', document_key, 'created_at', before.created_at or stamp(), 'updated_at', stamp(), 'generation', token,
    'chunk_count', chunk_count, unpack(reports, at + 17, changed - 1))
  local after = setmetatable(given, { __index = before })
  local repairs = replaces ~= '' or (document ~= id and job.on_duplicate == 'skip')
  local copy = settle_edit(document, document_key, repairs, before, after)
  enter_document(document, before.copy, copy, after.name, line_prefix)
  if before.collection and before.collection ~= collection then
    redis.pcall('ZREM', all_key .. ':' .. before.collection, document)
  end
  -- Ignores an error of a key that another program spoilt. A later count corrects it.
  pcall(count_document, collections_key, document_key,
    { after.collection, after.chunk_count, after.size, after.dimension, after.model, before.counted })
  -- The document's former original is no longer in use.
  if before.file_key and before.file_key ~= after.file_key then
    redis.pcall('ZADD', tombstones, now_ms() + tonumber(ttl_seconds) * 1000,
      encode_tombstone('', document, before.file_key))
  end

  redis.call('HSET', key, 'status', 'completed', 'updated_at', stamp(), 'completed_at', stamp(), 'version', version,
    'result', result .. took .. '}', fields_of(job.version == reports[at], 'result', values, changed, last))
  redis.call('EXPIRE', key, ttl_seconds)
  if job.batch then
    local counted = { [AT.id] = id, [AT.tenant] = job.tenant, [AT.batch] = job.batch, [AT.status] = 'completed' }
    -- Ignores an error of a key that another program spoilt. A later check corrects the counts.
    pcall(count_in_batch, key, counted)
  end
  publish(key, offset, epoch,
    '["' .. stamp() .. '","' .. stamp() .. '",' .. result_in_json .. took .. '}",', values)
  leave_lines(key, id, lines_at, { job.copy, job.name })
  completed[#completed + 1], times[#times + 1] = id, took
  if cost ~= '' then samples[#samples + 1] = cost end
  return 1
end

local function take(at)
  local kind, id, token = reports[at], reports[at + 1], reports[at + 2]
  local last = at + 3 + reports[at + 3]
  local key = job_prefix .. id
  if kind == 'complete' then
    local job = read_named(key, JOB)
    if job.status == 'completed' and job.token == token then return 1 end
    if not holds(job.status, job.token, token) then return 0 end
    return complete(key, id, token, job, at + 4, last)
  end
  local status, holder, version = unpack(redis.call('HMGET', key, 'status', 'token', 'version'))
  if status == 'completed' and holder == token then return 1 end
  if not holds(status, holder, token) then return 0 end
  progress(key, version, at + 4, last)
  return 1
end

-- Reserves an offset for each argument, because there are fewer events.
hold_events(offset, #reports)
local replies = {}
local at = 1
while reports[at] do
  local ok, reply = pcall(take, at)
  replies[#replies + 1] = ok and reply or redis.error_reply(type(reply) == 'table' and reply.err or reply)
  at = at + 4 + reports[at + 3]
end
send_events(offset, epoch)

if #completed > 0 then
  -- Ignores errors of keys that another program spoilt, because the jobs are complete. The sweep repairs the keys.
  redis.pcall('ZREM', leases, unpack(completed))
  redis.pcall('SREM', active, unpack(completed))
  redis.pcall('HINCRBY', outcomes, 'completed', #completed)
  redis.pcall('LPUSH', durations, unpack(times))
  redis.pcall('LTRIM', durations, 0, 999)
  if #samples > 0 then pcall(learn_costs, costs, samples) end
end
return replies
