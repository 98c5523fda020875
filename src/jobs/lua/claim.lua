-- Takes up to count jobs from the right of the queue, and leases them.
-- KEYS: 1 queue, 2 leases, 3 active, 4 delayed, 5 limbo, 6 sequence, 7 history, 8 grant, 9 recent
-- ARGV: 1 key prefix of jobs, 2 count, 3 nonce, 4 lease_ms, 5 max_retries for jobs that name none
-- Returns {granted, next_ms}: granted is {event, payload, ...}, the events as they were published, each with the job and
-- its token; next_ms is how long until something not in the queue may become ready, -1 for nothing. A replay (same nonce)
-- gets the same grant.
-- Publishes each job taken, processing.
--
-- Whatever is in the queue and cannot run is taken out, for the blocking waiters would spin on it: an id
-- without a hash waits in limbo for 60 s (its writer may be about to write it) and is then forgotten.
local LIMBO_MS = 60000
local MOST_LOOKED_AT = 1000

local granted = redis.call('LRANGE', KEYS[8], 0, -1)
if #granted > 0 then return { granted, -1 } end

local function grant(id, key, job)
  local more = redis.call('HMGET', key, 'epoch', 'started_ms', 'payload', 'queued_ms')
  local epoch = count_up(more[1])
  redis.call('ZREM', KEYS[4], id)
  redis.call('SADD', KEYS[3], id)
  -- What another program wrote by hand is not among the recent jobs, and may lack any field but the documented ones.
  if not more[4] then redis.call('ZADD', KEYS[9], 'NX', now_ms(), id) end
  granted[#granted + 1] = commit(key, KEYS[6], KEYS[7], job, {
    'id', id, 'type', job[AT.type] or 'document_upload', 'status', 'processing', 'progress', '10',
    'message', 'Parsing document...', 'stage', 'parse', 'epoch', epoch, 'token', epoch .. '-' .. ARGV[3],
    'attempt', count_up(job[AT.attempt]), 'run', tonumber(job[AT.run]) and job[AT.run] or '1',
    'max_retries', tonumber(job[AT.max_retries]) and job[AT.max_retries] or ARGV[5],
    'started_at', job[AT.started_at] or stamp(), 'started_ms', more[2] or now_ms(),
    'created_at', job[AT.created_at] or stamp(),
  }, { 'error', 'error_code', 'pages_done', 'pages_total', 'chunks_done', 'chunks_total' })
  granted[#granted + 1] = more[3] or ''
end

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now_ms(), 'LIMIT', 0, MOST_LOOKED_AT)) do
  redis.call('ZREM', KEYS[4], id)
  redis.call('LPUSH', KEYS[1], id)
end

local limbo = redis.call('ZRANGE', KEYS[5], 0, MOST_LOOKED_AT - 1, 'WITHSCORES')
for i = 1, #limbo, 2 do
  if redis.call('EXISTS', ARGV[1] .. limbo[i]) == 1 then
    redis.call('ZREM', KEYS[5], limbo[i])
    redis.call('RPUSH', KEYS[1], limbo[i])
  elseif tonumber(limbo[i + 1]) <= now_ms() - LIMBO_MS then
    redis.call('ZREM', KEYS[5], limbo[i])
  end
end

local until_ms = now_ms() + tonumber(ARGV[4])
for _ = 1, MOST_LOOKED_AT do
  if #granted >= 2 * tonumber(ARGV[2]) then break end
  local id = redis.call('RPOP', KEYS[1])
  if not id then break end
  local key = ARGV[1] .. id
  local is_hash, job = pcall(read, key)
  if not is_hash then
    -- Nothing that could ever run.
  elseif not job[AT.status] and redis.call('EXISTS', key) == 0 then
    redis.call('ZADD', KEYS[5], 'NX', now_ms(), id)
  elseif is_terminal(job[AT.status]) then
    redis.call('SREM', KEYS[3], id)
  elseif redis.call('ZADD', KEYS[2], 'NX', until_ms, id) == 1 then
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

if #granted > 0 then
  redis.call('RPUSH', KEYS[8], unpack(granted))
  redis.call('PEXPIRE', KEYS[8], ARGV[4])
end
return { granted, next_ms }
