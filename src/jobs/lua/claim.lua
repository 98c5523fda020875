-- Takes up to count jobs from the right of the queue, and leases them.
-- KEYS: 1 queue, 2 leases, 3 active, 4 delayed, 5 limbo, 6 sequence, 7 history, 8 grant, 9 recent
-- ARGV: 1 key prefix of jobs, 2 count, 3 nonce, 4 lease_ms, 5 max_retries for jobs that name none
-- Returns {grants, next_ms}: grants is JSON, [[id, token, [field, value, ...]], ...]; next_ms is how long until
-- something not in the queue may become ready, -1 for nothing. A replay (same nonce) gets the same grants.
-- Publishes each job taken, processing.
--
-- Whatever is in the queue and cannot run is taken out, for the blocking waiters would spin on it: an id
-- without a hash waits in limbo for 60 s (its writer may be about to write it) and is then forgotten.
local LIMBO_MS = 60000
local MOST_LOOKED_AT = 1000

local replay = redis.call('GET', KEYS[8])
if replay then return { replay, -1 } end

local now = now_ms()

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now, 'LIMIT', 0, MOST_LOOKED_AT)) do
  redis.call('ZREM', KEYS[4], id)
  redis.call('LPUSH', KEYS[1], id)
end

local limbo = redis.call('ZRANGE', KEYS[5], 0, MOST_LOOKED_AT - 1, 'WITHSCORES')
for i = 1, #limbo, 2 do
  if redis.call('EXISTS', ARGV[1] .. limbo[i]) == 1 then
    redis.call('ZREM', KEYS[5], limbo[i])
    redis.call('RPUSH', KEYS[1], limbo[i])
  elseif tonumber(limbo[i + 1]) <= now - LIMBO_MS then
    redis.call('ZREM', KEYS[5], limbo[i])
  end
end

local grants = {}
for _ = 1, MOST_LOOKED_AT do
  if #grants >= tonumber(ARGV[2]) then break end
  local id = redis.call('RPOP', KEYS[1])
  if not id then break end
  local job = ARGV[1] .. id
  local kind = redis.call('TYPE', job).ok
  if kind == 'none' then
    redis.call('ZADD', KEYS[5], 'NX', now, id)
  elseif kind == 'hash' then
    local held = redis.call('HMGET', job, 'status', 'max_retries', 'started_at', 'run', 'created_at')
    local status = held[1]
    if is_terminal(status) then
      redis.call('SREM', KEYS[3], id)
    elseif not redis.call('ZSCORE', KEYS[2], id) then
      local token = string.format('%d-%s', count_up(job, 'epoch'), ARGV[3])
      count_up(job, 'attempt')
      redis.call('ZADD', KEYS[2], now + tonumber(ARGV[4]), id)
      redis.call('ZREM', KEYS[4], id)
      redis.call('SADD', KEYS[3], id)
      redis.call('ZADD', KEYS[9], 'NX', now, id)
      local stamp = rfc3339(now)
      -- What another program wrote by hand may lack any field but the documented ones.
      local fields = {
        'id', id, 'status', 'processing', 'progress', '10', 'message', 'Parsing document...', 'stage', 'parse',
        'token', token, 'run', tonumber(held[4]) or 1, 'max_retries', tonumber(held[2]) or ARGV[5],
        'started_at', held[3] or stamp, 'created_at', held[5] or stamp,
      }
      redis.call('HSETNX', job, 'type', 'document_upload')
      redis.call('HSETNX', job, 'started_ms', now)
      commit(job, KEYS[6], KEYS[7], fields,
        { 'error', 'error_code', 'pages_done', 'pages_total', 'chunks_done', 'chunks_total' })
      grants[#grants + 1] = { id, token, redis.call('HGETALL', job) }
    end
  end
end

local next_ms = -1
if redis.call('ZCARD', KEYS[5]) > 0 then next_ms = 1000 end
local due = redis.call('ZRANGE', KEYS[4], 0, 0, 'WITHSCORES')
if due[2] then
  local wait = math.max(0, tonumber(due[2]) - now)
  if next_ms < 0 or wait < next_ms then next_ms = wait end
end

local answer = #grants > 0 and cjson.encode(grants) or '[]'
if #grants > 0 then redis.call('SET', KEYS[8], answer, 'PX', ARGV[4]) end
return { answer, next_ms }
