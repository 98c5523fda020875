-- Takes up to count jobs from the right of the queue, and leases them.
-- KEYS: 1 queue, 2 leases, 3 active, 4 delayed, 5 limbo, 6 offset, 7 epoch, 8 grant, 9 recent, 10 cleanup,
--       11 installation
-- ARGV: 1 key prefix of jobs, 2 count, 3 nonce, 4 lease_ms, 5 max_retries for jobs that name none, 6 longest_backoff_ms,
--       7 blob store of the caller, or ''
-- Returns {granted, next_ms}: granted is {values, payload, ...}, each job's values of FIELDS as JSON, its token among
-- them; next_ms is how long until something not in the queue may become ready, -1 for nothing. A replay (same nonce)
-- gets what it still holds of the same grant.
-- Publishes each job taken, processing.
-- Fails if the installation uses another blob store, or Redis names none yet: the caller could not read the
-- originals.
--
-- Whatever is in the queue and cannot run is taken out, for the blocking waiters would spin on it: an id
-- without a hash waits in limbo for 60 s (its writer may be about to write it) and is then forgotten.
if is_foreign(KEYS[11], ARGV[7], true) then
  return redis.error_reply('FOREIGN the installation uses another blob store')
end

local LIMBO_MS = 60000
local MOST_LOOKED_AT = 1000
local WANTED = { unpack(FIELDS) }
-- The field `epoch` holds the fence: other programs know it by this name.
for _, field in ipairs({ 'epoch', 'started_ms', 'queued_ms', 'payload' }) do WANTED[#WANTED + 1] = field end
local FENCE, STARTED_MS, QUEUED_MS, PAYLOAD = #FIELDS + 1, #FIELDS + 2, #FIELDS + 3, #FIELDS + 4

local granted = {}

local before = redis.call('LRANGE', KEYS[8], 0, -1)
if #before > 0 then
  for _, id in ipairs(before) do
    local job = read(ARGV[1] .. id)
    local token = job[AT.token] or ''
    if holds(job[AT.status], token:match('[^-]*-(.*)'), ARGV[3]) then
      granted[#granted + 1] = cjson.encode(job)
      granted[#granted + 1] = redis.call('HGET', ARGV[1] .. id, 'payload') or ''
    end
  end
  return { granted, -1 }
end

-- job: the values of WANTED; those that FIELDS has not are gone afterwards
local function grant(id, key, job)
  local fence, started_ms, payload = count_up(job[FENCE]), job[STARTED_MS], job[PAYLOAD]
  -- Who deletes a lease and queues its job leaves a generation behind that nobody will ever end.
  if job[AT.status] == 'processing' then mark_dead(KEYS[10], key, job, id) end
  -- What another program wrote by hand is not among the recent jobs, and may lack any field but the documented ones.
  if not job[QUEUED_MS] then redis.call('ZADD', KEYS[9], 'NX', now_ms(), id) end
  for place = #FIELDS + 1, #WANTED do job[place] = nil end

  local changes = {
    'status', 'processing', 'progress', '10', 'fraction', '0.1', 'message', 'Parsing document...', 'stage', 'parse',
    'epoch', fence, 'token', fence .. '-' .. ARGV[3], 'attempt', count_up(job[AT.attempt]),
  }
  local function ensure(field, value)
    if job[AT[field]] == value then return end
    changes[#changes + 1], changes[#changes + 2] = field, value
  end
  ensure('id', id)
  ensure('type', job[AT.type] or 'document_upload')
  ensure('run', tonumber(job[AT.run]) and job[AT.run] or '1')
  ensure('max_retries', tonumber(job[AT.max_retries]) and job[AT.max_retries] or ARGV[5])
  ensure('created_at', job[AT.created_at] or stamp())
  ensure('started_at', job[AT.started_at] or stamp())
  if not started_ms then changes[#changes + 1], changes[#changes + 2] = 'started_ms', now_ms() end

  granted[#granted + 1] = commit(key, KEYS[6], KEYS[7], job, changes,
    { 'error', 'error_code', 'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
  granted[#granted + 1] = payload or ''
end

local function end_delays(from, to)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], from, to, 'LIMIT', 0, MOST_LOOKED_AT)) do
    redis.call('ZREM', KEYS[4], id)
    redis.call('LPUSH', KEYS[1], id)
  end
end
end_delays('-inf', now_ms())
-- No retry waits this long. The clock was set back since, or another program wrote the time.
end_delays(string.format('(%.0f', now_ms() + ARGV[6]), '+inf')

local limbo = redis.call('ZRANGE', KEYS[5], 0, MOST_LOOKED_AT - 1, 'WITHSCORES')
for i = 1, #limbo, 2 do
  if redis.call('EXISTS', ARGV[1] .. limbo[i]) == 1 then
    redis.call('ZREM', KEYS[5], limbo[i])
    redis.call('RPUSH', KEYS[1], limbo[i])
  elseif tonumber(limbo[i + 1]) <= now_ms() - LIMBO_MS then
    redis.call('ZREM', KEYS[5], limbo[i])
  elseif tonumber(limbo[i + 1]) > now_ms() then
    redis.call('ZADD', KEYS[5], now_ms(), limbo[i])
  end
end

local count = tonumber(ARGV[2])
local until_ms = now_ms() + tonumber(ARGV[4])
local taken = {}
for _ = 1, MOST_LOOKED_AT do
  if #taken >= count then break end
  local id = redis.call('RPOP', KEYS[1])
  if not id then break end
  local key = ARGV[1] .. id
  local is_hash, job = pcall(redis.call, 'HMGET', key, unpack(WANTED))
  if not is_hash then
    -- Nothing that could ever run.
  elseif not job[AT.status] and redis.call('EXISTS', key) == 0 then
    redis.call('ZADD', KEYS[5], 'NX', now_ms(), id)
  elseif is_terminal(job[AT.status]) then
    redis.call('SREM', KEYS[3], id)
  elseif redis.call('ZADD', KEYS[2], 'NX', until_ms, id) == 1 then
    if #taken == 0 then reserve(KEYS[6], count) end
    taken[#taken + 1] = id
    grant(id, key, job)
  end
end

local next_ms = -1
if redis.call('ZCARD', KEYS[5]) > 0 then next_ms = 1000 end
local due = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
if due[2] then
  local wait = math.max(0, tonumber(due[2]) - now_ms())
  if next_ms < 0 or wait < next_ms then next_ms = wait end
end

if #taken > 0 then
  give_back(KEYS[6])
  -- Another program may have queued what was to wait, or have emptied the set.
  redis.call('ZREM', KEYS[4], unpack(taken))
  redis.call('SADD', KEYS[3], unpack(taken))
  redis.call('RPUSH', KEYS[8], unpack(taken))
  redis.call('PEXPIRE', KEYS[8], ARGV[4])
end
return { granted, next_ms }
