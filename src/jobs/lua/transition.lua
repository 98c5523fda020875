-- Goes before every script of this folder: the clock, and the one way in which a job changes.
-- Scripts use Redis TIME only, so that no two machines' clocks are ever compared.

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
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

-- Adds one to a field of a job, whatever another program may have written there: a script that fails half-way
-- is not rolled back.
local function count_up(job, field)
  local count = (tonumber(redis.call('HGET', job, field)) or 0) + 1
  if count ~= count or count == math.huge or count < 1 then count = 1 end
  count = math.floor(count)
  redis.call('HSET', job, field, count)
  return count
end

-- Writes the fields, bumps the job's version and the global sequence, and publishes the whole hash on the
-- job's channel as [history, sequence, [field, value, ...]].
-- fields: {name, value, ...}; drop (optional): {name, ...} to delete
local function commit(job, sequence, history, fields, drop)
  if drop then redis.call('HDEL', job, unpack(drop)) end
  fields[#fields + 1] = 'updated_at'
  fields[#fields + 1] = rfc3339(now_ms())
  redis.call('HSET', job, unpack(fields))
  count_up(job, 'version')
  local name = redis.call('GET', history)
  if not name then
    local time = redis.call('TIME')
    name = string.format('%x%05x', tonumber(time[1]), tonumber(time[2]))
    redis.call('SET', history, name)
  end
  local count = redis.call('INCR', sequence)
  redis.call('PUBLISH', job .. ':events', cjson.encode({ name, count, redis.call('HGETALL', job) }))
end

local function is_terminal(status)
  return status == 'completed' or status == 'failed' or status == 'cancelled'
end

-- Ends a job's run: nobody holds it, it is active no more, and after ttl seconds its hash goes.
local function settle(job, leases, active, id, ttl)
  redis.call('ZREM', leases, id)
  redis.call('SREM', active, id)
  redis.call('EXPIRE', job, ttl)
end

-- True when the caller still holds the job.
local function holds(job, token)
  local held = redis.call('HMGET', job, 'status', 'token')
  return held[1] == 'processing' and held[2] == token
end

-- Marks a generation's chunks as dead: they are to be deleted from Chroma.
local function bury_chunks(cleanup, tenant, collection, document, token, due)
  redis.call('ZADD', cleanup, due, cjson.encode({ tenant, collection, document, token, 1 }))
end

-- Marks what the holder of a token may have written to Chroma as dead.
local function bury(cleanup, job, id, token, due)
  local held = redis.call('HMGET', job, 'tenant', 'payload')
  local ok, payload = pcall(cjson.decode, held[2] or '')
  if not ok or type(payload) ~= 'table' then return end
  local collection = type(payload.collection) == 'string' and payload.collection or 'default'
  local document = type(payload.document_id) == 'string' and payload.document_id or id
  bury_chunks(cleanup, held[1] or 'default', collection, document, token, due)
end
