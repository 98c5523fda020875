-- Stands before every script, after transition.lua. A line keeps active jobs in their order: those of the same copy
-- (bytes, name, collection, settings, metadata), or of the same name. A job that must wait for an earlier one is parked.
-- A digest names the line. The tenant is part of the digest.
--
-- line:{digest}:jobs       zset: active jobs, by the offset of their entry
-- line:{copy}:document     string: the document of this copy
-- line:{name}:documents    zset: the documents of this name, by their registration (ms)

-- Runs a command on a key of a line, or on the list of edits. Deletes a value of another type first, because another program
-- wrote it. Otherwise every upload of the line, or every edit, would fail.
local function on_line(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if string.find(reply.err, 'WRONGTYPE', 1, true) then redis.call('DEL', key) end
  return redis.call(command, key, ...)
end

-- Returns the first active job of a line; nil for none. Removes jobs that have ended, because a rolled back Redis may hold
-- them.
local function first_in(line, job_prefix)
  while true do
    local first = on_line('ZRANGE', line, 0, 0)[1]
    if not first then return nil end
    local key = job_prefix .. first
    if redis.call('TYPE', key).ok == 'hash' and not is_terminal(redis.call('HGET', key, 'status')) then return first end
    redis.call('ZREM', line, first)
  end
end

-- Returns the newest document of a name; nil for none.
local function newest_named(name, at)
  local named = at.line_prefix .. name .. ':documents'
  while true do
    local id = on_line('ZREVRANGE', named, 0, 0)[1]
    if not id or redis.pcall('HGET', at.document_prefix .. id, 'name') == name then return id end
    redis.call('ZREM', named, id)
  end
end

-- Returns the document of a copy, its number of chunks as text, and whether it misses chunks or its original; nil for
-- none. A document of another model or reader is no copy. An empty model or reader_version is unknown, and matches any.
local function document_of(copy, name, at)
  local pointer = at.line_prefix .. copy .. ':document'
  local candidates = on_line('ZREVRANGE', at.line_prefix .. name .. ':documents', 0, 99)
  table.insert(candidates, 1, on_line('GET', pointer) or '')
  for _, id in ipairs(candidates) do
    local found = redis.pcall('HMGET', at.document_prefix .. id, 'copy', 'chunk_count', 'model', 'reader_version',
      'missing_chunks', 'file_gone')
    if found[1] == copy and (at.model == '' or found[3] == at.model) and
      (at.reader_version == '' or (found[4] or '') == at.reader_version) then
      return id, string.format('%.0f', tonumber(found[2]) or 0), (found[5] or found[6]) and true or false
    end
  end
end

-- Says that a parked job now waits for a worker. It is the next one.
local function commit_unparked(key, offset, epoch)
  if redis.call('TYPE', key).ok ~= 'hash' then return end
  local job = read(key)
  if job[AT.waiting_for] ~= 'earlier_upload' then return end
  commit(key, offset, epoch, job, { 'waiting_for', 'worker 0' }, nil, nil, 'The earlier upload has ended')
end

-- Takes a job out of its lines. Queues the jobs that waited for it, as the next ones.
-- at: the keys queue, parked, offset and epoch, and line_prefix, by name
-- lines (optional): the digests that the job's hash holds
local function leave_lines(key, id, at, lines)
  lines = lines or redis.call('HMGET', key, 'copy', 'name')
  if not lines[1] then return end
  for _, line in ipairs(lines) do
    local jobs = at.line_prefix .. line .. ':jobs'
    on_line('ZREM', jobs, id)
    local first = redis.call('ZRANGE', jobs, 0, 0)[1]
    if first and redis.call('ZREM', at.parked, first) == 1 then
      redis.call('RPUSH', at.queue, first)
      commit_unparked(string.sub(key, 1, #key - #id) .. first, at.offset, at.epoch)
    end
  end
  redis.call('ZREM', at.parked, id)
end

-- Writes the document that a job replaces into its payload, and the job into the document. Without a document it removes the
-- one of an earlier run, which may be deleted by now. `encodePayload` of `line-digests.ts` puts a payload's document first.
-- The edit is textual, because Lua would round the numbers of the metadata. Returns the payload.
local function set_target(key, id, document, document_prefix, payload)
  local changed = string.gsub(payload, '^{"document_id":"[^"]*",', '{')
  if document then
    changed = '{"document_id":' .. cjson.encode(document) .. ',' .. string.sub(changed, 2)
    redis.call('HSET', document_prefix .. document, 'replaced_by', id)
  end
  if changed ~= payload then redis.call('HSET', key, 'payload', changed) end
  return changed
end

-- Cancels a job that has not ended. Its holder can change nothing from then on.
-- at: keys and arguments of the caller, by name
-- Publishes the job, failed with the code cancelled. Publishes its id on the channel of cancellations, so that its
-- worker stops at once.
local function cancel_job(key, id, job, at)
  if job[AT.status] == 'processing' then mark_dead(at.cleanup, key, job, id) end
  leave_queue(at, id, job)
  redis.call('ZREM', at.delayed, id)
  redis.pcall('HINCRBY', at.outcomes, 'cancelled', 1)
  settle(key, at.leases, at.active, at.tombstones, id, at.ttl_seconds)
  leave_lines(key, id, at)
  commit(key, at.offset, at.epoch, job, cancelled_changes('Cancelled'))
  redis.call('PUBLISH', at.cancelled, id)
end

-- Returns the offset of the job's last event. Offsets reserved for further jobs of the script do not count.
local function last_offset(offset_key)
  return spare > 0 and next_spare - 1 or redis.call('GET', offset_key) or 0
end

-- Returns whether a worker has repeated the deletions that Redis has lost. Until then a document may be one of those. A
-- restart shows by the run id before any node names its epoch.
local function is_recovered(at)
  local here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  return redis.call('GET', at.server) == here and redis.call('GET', at.recovered) == redis.call('GET', at.epoch)
end

-- Decides whether a queued job may run. Completes it if its document exists. Parks it behind an earlier job of its line.
-- at: keys and arguments of the caller, by name; `restores` is true for a job that brings a lost document back. It comes
-- before jobs that waited already, because their document may be the lost one.
-- how, copy, name: the fields `on_duplicate`, `copy` and `name` of the job
-- Returns 'run', and its payload where that may have changed; 'parked'; or 'done'.
local function admit(id, key, job, at, payload, how, copy, name)
  if not (how and copy and name) then return 'run' end
  for _, line in ipairs({ copy, name }) do
    on_line('ZADD', at.line_prefix .. line .. ':jobs', 'NX', at.restores and 0 or last_offset(at.offset), id)
  end
  if how == 'keep' then return 'run' end
  local document, chunk_count, is_broken = document_of(copy, name, at)
  -- Only one job at a time writes a document. So a copy that heals it waits for a replacement, too.
  local line = (how == 'replace' or is_broken) and name or copy
  if first_in(at.line_prefix .. line .. ':jobs', at.job_prefix) ~= id then
    redis.call('ZADD', at.parked, 'NX', now_ms(), id)
    if job[AT.waiting_for] ~= 'earlier_upload' then
      commit(key, at.offset, at.epoch, job, { 'waiting_for', 'earlier_upload', 'time_left_ms', '' }, nil, nil,
        'Waits for an earlier upload of the document')
    end
    return 'parked'
  end
  redis.call('ZREM', at.parked, id)
  local newest = how == 'replace' and newest_named(name, at)
  -- The claim decides. A worker may yet delete the document again, and would cancel a job that replaces it.
  if (document or newest) and at.recovered and not is_recovered(at) then return 'run' end
  if not document or is_broken or (newest and newest ~= document) then
    -- The upload heals a document that misses chunks or its original.
    return 'run', set_target(key, id, newest or document, at.document_prefix, payload)
  end
  -- The document now answers for this upload, too. A withdrawal of its own upload keeps it.
  redis.call('HSET', at.document_prefix .. document, 'shared', '1')
  redis.call('SREM', at.active, id)
  redis.call('EXPIRE', key, at.ttl_seconds)
  redis.pcall('HINCRBY', at.outcomes, 'completed', 1)
  local result = result_of(document, chunk_count, job[AT.collection] or 'default', ',"duplicate":true')
  commit(key, at.offset, at.epoch, job, completed_changes(result, 'id', id, 'started_at', job[AT.started_at] or stamp()),
    drop_counts('error', 'error_code', 'stage'))
  leave_lines(key, id, at, { copy, name })
  return 'done'
end

-- Registers a document under its copy and name. Removes the document from its former copy, whose content it no longer has.
local function enter_document(id, before_copy, copy, name, line_prefix)
  if before_copy and before_copy ~= copy and on_line('GET', line_prefix .. before_copy .. ':document') == id then
    redis.call('DEL', line_prefix .. before_copy .. ':document')
  end
  if copy and copy ~= '' then redis.call('SET', line_prefix .. copy .. ':document', id) end
  if name and name ~= '' then on_line('ZADD', line_prefix .. name .. ':documents', 'NX', now_ms(), id) end
end

-- Removes a document from those of its copy and name.
local function forget_document(id, copy, name, line_prefix)
  if copy and on_line('GET', line_prefix .. copy .. ':document') == id then
    redis.call('DEL', line_prefix .. copy .. ':document')
  end
  if name then on_line('ZREM', line_prefix .. name .. ':documents', id) end
end
