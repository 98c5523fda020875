-- Takes what the holders of claims report, in its order: how far a job has come, or that it is complete.
-- KEYS: 1 leases, 2 active, 3 cleanup, 4 sequence, 5 history, 6 outcomes, 7 durations
-- ARGV: 1 key prefix of jobs, 2 ttl_seconds, then each report: its kind, job id, token, how many more there are, and
--       progress: the job's version then, its values then (all of FIELDS but updated_at, the first, as JSON without
--                 the opening bracket), then what a report may change, as field, value, ...
--       complete: document id, collection, chunk_count, keys of the document, of all documents and of those of the
--                 collection, then the document's fields, as field, value, ...
-- Returns for each report 1, or 0 when the caller no longer holds the job; or an error, which harms no other report.
-- Publishes each job that changes. What is reported again (a replay) changes nothing, and gets 1.

-- Nobody but its holder changes a job that is held. So the holder says what the job is then: to read the whole job here,
-- and make JSON of it, costs Redis a third more. A version that the job has reached was reported before.
local function progress(key, version, first, last)
  if tonumber(ARGV[first]) <= (tonumber(version) or 0) then return end
  redis.call('HSET', key, 'updated_at', stamp(), 'version', ARGV[first], unpack(ARGV, first + 2, last))
  publish(key, KEYS[4], KEYS[5], '["' .. stamp() .. '",', ARGV[first + 1])
end

-- Registers the document with the holder's token as its live generation, and settles the job. The generation that
-- was live before is marked for cleanup. Returns for how long the job was processed.
local function complete(key, id, token, started_ms, first, last)
  local document, collection = ARGV[first], ARGV[first + 1]
  local document_key = ARGV[first + 3]
  local took = math.max(0, now_ms() - (tonumber(started_ms) or now_ms()))

  local before = redis.call('HMGET', document_key, 'generation', 'tenant', 'collection', 'created_at')
  if before[1] and before[1] ~= token then
    bury_chunks(KEYS[3], before[2] or 'default', before[3] or collection, document, before[1], now_ms())
  end
  redis.call('HSET', document_key, 'created_at', before[4] or stamp(), 'updated_at', stamp(), 'generation', token,
    'chunk_count', ARGV[first + 2], unpack(ARGV, first + 6, last))
  redis.call('ZADD', ARGV[first + 4], 'NX', now_ms(), document)
  redis.call('ZADD', ARGV[first + 5], 'NX', now_ms(), document)

  settle(key, KEYS[1], KEYS[2], id, ARGV[2])
  commit(key, KEYS[4], KEYS[5], read(key), {
    'status', 'completed', 'progress', '100', 'message', 'Upload completed successfully', 'completed_at', stamp(),
    'result', cjson.encode({
      document_id = document, chunk_count = tonumber(ARGV[first + 2]), collection = collection,
      processing_time_ms = took,
    }),
  }, { 'error', 'error_code' })
  return took
end

local durations = {}

local function take(at)
  local kind, id, token = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local first, last = at + 4, at + 3 + ARGV[at + 3]
  local key = ARGV[1] .. id
  local status, holder, version, started_ms = unpack(redis.call('HMGET', key, 'status', 'token', 'version', 'started_ms'))
  if status == 'completed' and holder == token then return 1 end
  if not holds(status, holder, token) then return 0 end
  if kind == 'complete' then
    durations[#durations + 1] = complete(key, id, token, started_ms, first, last)
  else
    progress(key, version, first, last)
  end
  return 1
end

local answers = {}
local at = 3
while ARGV[at] do
  local ok, answer = pcall(take, at)
  answers[#answers + 1] = ok and answer or redis.error_reply(type(answer) == 'table' and answer.err or answer)
  at = at + 4 + ARGV[at + 3]
end

if #durations > 0 then
  -- Should another program have spoilt the statistics, the jobs are complete all the same.
  redis.pcall('HINCRBY', KEYS[6], 'completed', #durations)
  redis.pcall('LPUSH', KEYS[7], unpack(durations))
  redis.pcall('LTRIM', KEYS[7], 0, 999)
end
return answers
