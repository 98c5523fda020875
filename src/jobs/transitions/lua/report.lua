-- Takes what the holders of claims report, in its order: how far a job has come, or that it is complete.
-- KEYS: 1 leases, 2 active, 3 cleanup, 4 offset, 5 epoch, 6 outcomes, 7 durations, 8 tombstones
-- ARGV: 1 key prefix of jobs, 2 ttl_seconds, then each report: its kind, job id, token, how many more there are, the
--       job's version after it, and
--       progress: how many steps it has, each one version further; the job's values after `updated_at` at each; then
--                 what the job is after the last, as field, value, ...
--       complete: its result as JSON up to the processing time, the same within a JSON string, its values after `result`,
--                 document id, collection, chunk_count, keys of the document, of all documents, of those of the
--                 collection and of incomplete ones, the generation that it may replace or '' for any, how many
--                 arguments its fields are, the document's fields and then the job's, as field, value, ...
--       Values are a JSON array without its opening bracket.
-- Returns for each report 1; 0 when the caller no longer holds the job; 2 when the document has another generation
-- than the one to replace, or is gone; or an error, which harms no other report.
-- Publishes each job that changes. What is reported again (a replay) changes nothing, and gets 1.
--
-- Nobody but its holder changes a job that is held. So the holder says what the job is then, but for what only Redis
-- knows, the time: to read the whole job here, and make JSON of it, costs Redis a third more.

-- A version that the job has reached was reported before. What steps of one call leave in the hash nobody can see, so
-- only the last is written; each that is new is published.
local function progress(key, version, at, last)
  local new = tonumber(ARGV[at]) - (tonumber(version) or 0)
  if new <= 0 then return end
  local fields = at + 2 + ARGV[at + 1]
  redis.call('HSET', key, 'updated_at', stamp(), 'version', ARGV[at], unpack(ARGV, fields, last))
  local updated_at = '["' .. stamp() .. '",'
  for step = math.max(at + 2, fields - new), fields - 1 do publish(key, KEYS[4], KEYS[5], updated_at, ARGV[step]) end
end

local completed, durations = {}, {}

-- Registers the document with the holder's token as its live generation, and completes the job. Marks the former live
-- generation for cleanup. Returns 1, or 2 when the job may not replace it: it then writes nothing.
local function complete(key, id, token, started_ms, at, last)
  local version, result, result_in_json, values = unpack(ARGV, at, at + 3)
  local document, collection, chunk_count, document_key, all_key, collection_key = unpack(ARGV, at + 4, at + 9)
  local incomplete, replaces = unpack(ARGV, at + 10, at + 11)
  local fields = at + 13 + ARGV[at + 12]
  local took = string.format('%.0f', math.max(0, now_ms() - (tonumber(started_ms) or now_ms())))

  local before = redis.call('HMGET', document_key, 'generation', 'tenant', 'collection', 'created_at', 'file_key')
  if replaces ~= '' and before[1] ~= replaces then return 2 end
  if before[1] and before[1] ~= token then
    -- Notes about the old generation's chunks do not apply to the new ones.
    redis.call('HDEL', document_key, 'missing_chunks', 'file_gone', 'reindex_job', 'reindex_tries')
    redis.pcall('ZREM', incomplete, document)
    mark_chunks_dead(KEYS[3], before[2] or 'default', before[3] or collection, document, before[1], now_ms())
  end
  redis.call('ZADD', all_key, 'NX', now_ms(), document)
  redis.call('ZADD', collection_key, 'NX', now_ms(), document)
  redis.call('HSET', document_key, 'created_at', before[4] or stamp(), 'updated_at', stamp(), 'generation', token,
    'chunk_count', chunk_count, unpack(ARGV, at + 13, fields - 1))
  -- The document's former original is no longer in use.
  if before[5] and before[5] ~= redis.call('HGET', document_key, 'file_key') then
    redis.pcall('ZADD', KEYS[8], now_ms() + tonumber(ARGV[2]) * 1000, encode_tombstone('', document, before[5]))
  end

  redis.call('HSET', key, 'status', 'completed', 'updated_at', stamp(), 'completed_at', stamp(), 'version', version,
    'result', result .. took .. '}', unpack(ARGV, fields, last))
  redis.call('EXPIRE', key, ARGV[2])
  publish(key, KEYS[4], KEYS[5],
    '["' .. stamp() .. '","' .. stamp() .. '",' .. result_in_json .. took .. '}",', values)
  completed[#completed + 1], durations[#durations + 1] = id, took
  return 1
end

local function take(at)
  local kind, id, token = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local last = at + 3 + ARGV[at + 3]
  local key = ARGV[1] .. id
  local status, holder, version, started_ms = unpack(redis.call('HMGET', key, 'status', 'token', 'version', 'started_ms'))
  if status == 'completed' and holder == token then return 1 end
  if not holds(status, holder, token) then return 0 end
  if kind == 'complete' then return complete(key, id, token, started_ms, at + 4, last) end
  progress(key, version, at + 4, last)
  return 1
end

-- There are fewer events than arguments.
reserve(KEYS[4], #ARGV)
local replies = {}
local at = 3
while ARGV[at] do
  local ok, reply = pcall(take, at)
  replies[#replies + 1] = ok and reply or redis.error_reply(type(reply) == 'table' and reply.err or reply)
  at = at + 4 + ARGV[at + 3]
end
give_back(KEYS[4])

if #completed > 0 then
  -- The jobs are complete, should another program have spoilt any of these: the sweep repairs what is left of them.
  redis.pcall('ZREM', KEYS[1], unpack(completed))
  redis.pcall('SREM', KEYS[2], unpack(completed))
  redis.pcall('HINCRBY', KEYS[6], 'completed', #completed)
  redis.pcall('LPUSH', KEYS[7], unpack(durations))
  redis.pcall('LTRIM', KEYS[7], 0, 999)
end
return replies
