-- Stands before every script of this folder. It holds the clock, and the one way to change a job.
-- Scripts use Redis TIME only, so that they never compare the clocks of two machines.
--
-- A script holds a job as Redis returns it: the values of FIELDS in order, false for a missing one. The loader writes
-- the list FIELDS before this text. AT says where a field's value is: job[AT.status].
local AT = {}
for place, field in ipairs(FIELDS) do AT[field] = place end

local function read(key)
  return redis.call('HMGET', key, unpack(FIELDS))
end

-- Returns the time in milliseconds. It stays the same within a script.
local clock
local function now_ms()
  if not clock then
    local time = redis.call('TIME')
    clock = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return clock
end

-- Returns the same time as text, because Redis formats a number of each command anew.
local clock_text
local function now_text()
  clock_text = clock_text or string.format('%.0f', now_ms())
  return clock_text
end

-- RFC 3339 in UTC with whole seconds. Days to a date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
local function rfc3339(ms)
  local seconds = math.floor(ms / 1000)
  local day = math.floor(seconds / 86400)
  local rest = seconds - day * 86400
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60)
end

-- Returns the time in the form that jobs show.
local stamped
local function stamp()
  stamped = stamped or rfc3339(now_ms())
  return stamped
end

-- Returns a job's count plus one, as text. It accepts any text of another program, because Redis does not roll back a
-- script that fails half-way.
local function count_up(count)
  local number = math.floor((tonumber(count) or 0) + 1)
  if not (number >= 1 and number < 2 ^ 53) then number = 1 end
  return string.format('%.0f', number)
end

-- Returns true unless the installation uses this blob store. A caller without a store passes.
-- unnamed: the result if Redis names no store, for example after it was emptied
local function is_foreign(installation, store, unnamed)
  if store == '' then return false end
  local named = redis.call('HGET', installation, 'store')
  if not named then return unnamed end
  return named ~= store
end

-- Names a new epoch, by the clock.
local function new_epoch(epoch_key)
  local time = redis.call('TIME')
  local name = string.format('%x%05x', tonumber(time[1]), tonumber(time[2]))
  redis.call('SET', epoch_key, name)
  return name
end

-- Returns a job's payload as a table, empty for an invalid one.
local function read_payload(key)
  local ok, payload = pcall(cjson.decode, redis.call('HGET', key, 'payload') or '')
  return ok and type(payload) == 'table' and payload or {}
end

-- Publishes events on a job's channel: [epoch, offset of the first, ms, values of FIELDS of each]. The second and later
-- events name their job by the field `id`.
local function send(key, epoch_key, first, events)
  local opening = '[' .. cjson.encode(redis.call('GET', epoch_key) or new_epoch(epoch_key)) .. ',' .. first
  local message = opening .. ',' .. now_text() .. ',' .. events .. ']'
  redis.call('PUBLISH', key .. ':events', message)
end

-- Offsets that this script has reserved for events to come, and the events that wait for `send_events`.
local spare, next_spare = 0, 0
local held, held_changes, held_key, held_first

-- Reserves count offsets, and holds the events back, for a script that changes many jobs. One message then takes them
-- all, because a message costs Redis and each listener more than an event. The script MUST call send_events. If it fails
-- before, the reserved offsets tell listeners that they have missed events.
local function hold_events(offset_key, count)
  next_spare = redis.call('INCRBY', offset_key, count) - count + 1
  spare, held, held_changes = count, {}, {}
end

local function next_offset(offset_key)
  if spare == 0 then return redis.call('INCR', offset_key) end
  spare, next_spare = spare - 1, next_spare + 1
  return next_spare - 1
end

-- Publishes the events that were held back. Gives back the unused offsets, because a listener takes an offset without an
-- event for a lost event.
local function send_events(offset_key, epoch_key)
  if spare > 0 then redis.call('DECRBY', offset_key, spare) end
  if held_key then
    note_changed(offset_key, held_changes)
    send(held_key, epoch_key, held_first, table.concat(held, '', 1, #held - 1))
  end
  spare, held, held_changes, held_key = 0, nil, nil, nil
end

-- Increments the offset, notes that the job has changed, and publishes it, or holds the event back.
-- opening, rest: the values as JSON, in two parts, because Redis' Lua hashes each byte of a new string
local function publish(key, offset_key, epoch_key, opening, rest)
  local offset = next_offset(offset_key)
  local id = id_of(key, offset_key)
  if not held then
    note_changed(offset_key, { offset, id })
    return send(key, epoch_key, offset, opening .. rest)
  end
  if not held_key then held_key, held_first = key, offset end
  local noted = #held_changes
  held_changes[noted + 1], held_changes[noted + 2] = offset, id
  local count = #held
  held[count + 1], held[count + 2], held[count + 3] = opening, rest, ','
end

-- Counts a job in its batch. `batch.lua` defines it.
local count_in_batch

-- Longest timeline and longest message of an entry, in bytes. `timeline.ts` has the same limits.
local LONGEST_TIMELINE, LONGEST_MESSAGE = 8192, 300

-- Returns a timeline with one more entry: a line of the time (ms), run, attempt, stage or else status, error code and
-- message, with tabs between. The oldest entries leave a timeline that is too long.
-- past: the timeline before, false for none; message (optional): in place of the job's. '' is the documented one of its
-- state, which `timeline.ts` knows.
local function add_entry(past, job, message)
  message = message or job[AT.message] or ''
  if string.find(message, '%c') then message = string.gsub(message, '%c', ' ') end
  if #message > LONGEST_MESSAGE then
    -- Leaves no part of a character.
    message = string.gsub(string.sub(message, 1, LONGEST_MESSAGE), '[\192-\255][\128-\191]*$', '')
  end
  local status = job[AT.status] or ''
  local timeline = (past or '') .. now_text() .. '\t' .. (job[AT.run] or '1') .. '\t' .. (job[AT.attempt] or '') .. '\t' ..
    (status == 'processing' and job[AT.stage] or status) .. '\t' .. (job[AT.error_code] or '') .. '\t' .. message .. '\n'
  if #timeline <= LONGEST_TIMELINE then return timeline end
  return (string.gsub(string.sub(timeline, -LONGEST_TIMELINE), '^[^\n]*\n', '', 1))
end

-- Writes the changes, counts up the job's version, and publishes the changed job. Counts the job in its batch, if it has
-- one. Adds an entry to its timeline. Returns the job's values as JSON, and the timeline.
-- changes: {field, value, ...}, values of FIELDS as text; drop (optional): {field, ...} to delete
-- past (optional): the timeline before, false for none; message (optional): of the entry
local function commit(key, offset_key, epoch_key, job, changes, drop, past, message)
  if past == nil then past = redis.call('HGET', key, 'timeline') end
  local count = #changes
  changes[count + 1], changes[count + 2] = 'updated_at', stamp()
  changes[count + 3], changes[count + 4] = 'version', count_up(job[AT.version])
  if not (job[AT.filename] or job[AT.collection]) then
    -- Another program wrote the job. It knows the payload only.
    local payload = read_payload(key)
    for _, field in ipairs({ 'filename', 'collection' }) do
      if type(payload[field]) == 'string' then
        changes[#changes + 1] = field
        changes[#changes + 1] = payload[field]
      end
    end
  end
  for i = 1, #changes, 2 do
    local place = AT[changes[i]]
    if place then job[place] = changes[i + 1] end
  end
  local gone = {}
  for _, field in ipairs(drop or {}) do
    local place = AT[field]
    if not place or job[place] then gone[#gone + 1] = field end
    if place then job[place] = false end
  end
  local timeline = add_entry(past, job, message)
  changes[#changes + 1], changes[#changes + 2] = 'timeline', timeline
  redis.call('HSET', key, unpack(changes))
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  -- Ignores an error of a key that another program spoilt. A later check corrects the counts.
  if job[AT.batch] then pcall(count_in_batch, key, job) end
  local values = cjson.encode(job)
  publish(key, offset_key, epoch_key, '', values)
  return values, timeline
end

-- Older versions and other programs also store `cancelled` as a status.
local function is_terminal(status)
  return status == 'completed' or status == 'failed' or status == 'cancelled'
end

-- Returns the outcome of a job's run: completed, failed, or cancelled; nil while the run goes on.
local function outcome(job)
  local status = job[AT.status]
  if status == 'failed' and job[AT.error_code] == 'cancelled' then return 'cancelled' end
  return is_terminal(status) and status or nil
end

-- Returns the fields of a queued job for `commit`, with further ones: field, value, ...
local function queued_changes(...)
  return { 'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...',
    'waiting_for', 'worker', 'time_left_ms', '', ... }
end

-- Returns fields for `commit` to delete: the counts of progress, and further ones.
local function drop_counts(...)
  return { 'pages_done', 'pages_total', 'pages_unread', 'hidden_left_out', 'ocr_done', 'ocr_total', 'chunks_done', 'chunks_total', ... }
end

-- Returns the fields of a cancelled job for `commit`, with the given message. Its status is failed, because the
-- documented client ends only at failed and completed. Its code tells it from other failures.
local function cancelled_changes(message)
  return { 'status', 'failed', 'message', message, 'error', 'The job was cancelled.', 'error_code', 'cancelled',
    'completed_at', stamp() }
end

-- Returns the fields of a completed job for `commit`, with further ones: field, value, ...
-- result: as JSON
local function completed_changes(result, ...)
  return { 'status', 'completed', 'progress', '100', 'fraction', '1', 'message', 'Upload completed successfully',
    'completed_at', stamp(), 'result', result, ... }
end

-- Returns the result of a job that no worker ran, as JSON.
-- further: its last fields as JSON, with a comma before
local function result_of(document, chunk_count, collection, further)
  return string.format('{"document_id":%s,"chunk_count":%s,"collection":%s,"processing_time_ms":0%s}',
    cjson.encode(document), chunk_count, cjson.encode(collection), further or '')
end

-- Returns true when the caller with this token still holds the job.
local function holds(status, holder, token)
  return status == 'processing' and holder == token
end

-- Encodes the tombstone of an original. It is the evidence by which a sweep may delete the file.
local function encode_tombstone(id, document, file)
  return cjson.encode({ id, document, file })
end

-- Returns the tombstone of the original that a job's payload names; nil if it names none.
-- owner: the job; '' for the tombstone of a deleted document
local function tombstone_of(key, id, owner)
  local payload = read_payload(key)
  if type(payload.file_key) ~= 'string' then return nil end
  local document = type(payload.document_id) == 'string' and payload.document_id or id
  return encode_tombstone(owner, document, payload.file_key)
end

-- Writes the tombstone of a job that ends without a document.
-- due: when a sweep may delete the original (ms). Ignores an error, because a remaining file does no harm.
local function write_tombstone(tombstones, key, id, due)
  local tombstone = tombstone_of(key, id, id)
  if tombstone then redis.pcall('ZADD', tombstones, due, tombstone) end
end

-- Ends a job's run without a document. No worker holds the job, and it is no longer active. Its hash and its original
-- expire after ttl seconds.
local function settle(key, leases, active, tombstones, id, ttl)
  redis.call('ZREM', leases, id)
  redis.call('SREM', active, id)
  redis.call('EXPIRE', key, ttl)
  write_tombstone(tombstones, key, id, now_ms() + tonumber(ttl) * 1000)
end

-- Marks a generation's chunks as dead. A worker deletes them from Chroma once due.
local function mark_chunks_dead(cleanup, tenant, collection, document, token, due)
  redis.call('ZADD', cleanup, due, cjson.encode({ tenant, collection, document, token, 1 }))
end

-- Returns at most count due entries of a sorted set, the longest due first. Removes entries that no longer hold.
local function list_due(key, count, holds_still)
  local due = {}
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', now_ms(), 'LIMIT', 0, count)) do
    if holds_still(entry) then
      due[#due + 1] = entry
    else
      redis.call('ZREM', key, entry)
    end
  end
  return due
end

-- Returns a count in a document's hash as text without leading zeros. Another program may have written anything.
local function whole(text)
  return string.match(text or '', '^%d+$') and #text <= 15 and string.format('%.0f', tonumber(text)) or '0'
end

-- Returns the time of a document's latest edit (ms) as text; 0 for none. A time more than a day ahead counts as 0, because
-- another program wrote it, and it would undo every later edit. `edit-time.ts` does the same.
local function edit_time(text)
  local ms = whole(text)
  return tonumber(ms) <= now_ms() + 86400000 and ms or '0'
end

-- Removes the counts of a collection. The mark of its reembed job stays, because that job may go on.
local function clear_counts(counts_key)
  local mark = redis.pcall('HGET', counts_key, 'reembed')
  redis.call('DEL', counts_key)
  if type(mark) == 'string' then redis.call('HSET', counts_key, 'reembed', mark) end
end

-- Adds a document's share to the counts of its collection (sign 1), or takes it out (sign -1). A count that another program
-- has spoilt counts as 0. A spoilt number of documents becomes 1, because 0 would end the collection. A correction follows.
-- collections_key: the set of the tenant's collections, and what their counts' keys begin with
-- share: {collection, chunks, bytes, dimension, model}
local function add_share(collections_key, share, sign)
  local key = collections_key .. ':' .. share[1]
  local model = 'model:' .. share[4] .. ':' .. share[5]
  local before = redis.pcall('HMGET', key, 'documents', 'chunks', 'size', 'changes', model)
  if before.err then
    -- Another program has put another type in the place of the counts.
    redis.call('DEL', key)
    before = { 'spoilt' }
  end
  local function sum(place, amount)
    return math.max(0, tonumber(whole(before[place])) + sign * tonumber(amount))
  end
  local is_spoilt = before[1] and whole(before[1]) == '0'
  local documents, of_model = is_spoilt and 1 or sum(1, 1), sum(5, 1)
  if documents <= 0 then
    clear_counts(key)
    redis.call('ZREM', collections_key, share[1])
    return
  end
  -- Tells a walk through the documents that the counts have changed. It begins at the time, because a collection may end
  -- and begin again during the walk.
  local changes = whole(before[4]) == '0' and now_ms() or sum(4, sign)
  redis.call('HSET', key, 'documents', documents, 'chunks', sum(2, share[2]), 'size', sum(3, share[3]), 'changes', changes,
    model, of_model)
  if of_model <= 0 then redis.call('HDEL', key, model) end
end

-- Takes a document out of the counts of its collection. MUST precede the removal of its hash.
local function uncount_document(collections_key, document_key)
  local ok, share = pcall(cjson.decode, redis.call('HGET', document_key, 'counted') or '')
  if ok then add_share(collections_key, share, -1) end
end

-- Counts a registered document in its collection, with its present values. MUST follow each write of these values.
-- The hash keeps the share that the counts hold. So a replay changes nothing, and the next call takes out exactly that.
-- found (optional): the present values and `counted`, as the first command reads them
local function count_document(collections_key, document_key, found)
  found = found or redis.call('HMGET', document_key, 'collection', 'chunk_count', 'size', 'dimension', 'model', 'counted')
  if not found[1] then return end
  local share = { found[1], whole(found[2]), whole(found[3]), found[4] or '', found[5] or '' }
  local counted = cjson.encode(share)
  if found[6] ~= counted then
    -- Ignores a share that another program wrote. The document would otherwise never count.
    if found[6] then pcall(uncount_document, collections_key, document_key) end
    add_share(collections_key, share, 1)
    redis.call('HSET', document_key, 'counted', counted)
  end
  redis.call('ZADD', collections_key, 0, share[1])
end

-- Returns whether a collection takes a document: it has none, or one of this model. An empty model or dimension is
-- unknown, and fits any.
local function takes_model(counts_key, dimension, model)
  -- A key of another type is an error, which names no model.
  local counts = redis.pcall('HGETALL', counts_key)
  local is_empty = true
  for place = 1, #counts, 2 do
    local held_dimension, held = string.match(counts[place], '^model:(%d*):(.*)$')
    if held then
      is_empty = false
      if (held == model or held == '' or model == '') and
        (held_dimension == dimension or held_dimension == '' or dimension == '') then return true end
    end
  end
  return is_empty
end

-- Returns {id, created_at, status} of a job; nil for an unknown one.
local function look_up(id, job_prefix)
  local key = job_prefix .. (id or '')
  if not id or redis.call('TYPE', key).ok ~= 'hash' then return nil end
  local created_at, status = unpack(redis.call('HMGET', key, 'created_at', 'status'))
  return { id, created_at or stamp(), status or 'queued' }
end

-- Returns the latest run that embeds a collection again, as "job:run", and whether it goes on. Returns '' for none.
local function reembed_of(counts_key, job_prefix)
  local mark = redis.pcall('HGET', counts_key, 'reembed')
  if type(mark) ~= 'string' then return '', false end
  local job = look_up(string.match(mark, '^(.*):%d+$'), job_prefix)
  return mark, job ~= nil and not is_terminal(job[3])
end

-- Marks the chunks that the holder of a job may have written to Chroma as dead.
local function mark_dead(cleanup, key, job, id)
  local payload = read_payload(key)
  local collection = type(payload.collection) == 'string' and payload.collection or 'default'
  local document = type(payload.document_id) == 'string' and payload.document_id or id
  mark_chunks_dead(cleanup, job[AT.tenant] or 'default', collection, document, job[AT.token] or '', now_ms())
end
