-- Stands before every script, after line.lua. A batch counts the jobs of uploads that share a name. `commit` counts each job,
-- so a script counts none itself, unless it writes a job without `commit`.
--
-- batch:counts:{tenant}:{name}   hash: jobs of each status, `bytes` of all, `bytes_done` of ended ones, `failure:{code}`,
--                                `created_ms`, `updated_ms`, and `ttl`, the seconds that an ended batch stays
-- batch:jobs:{tenant}:{name}     zset: the jobs, by the time at which they joined (ms)
-- batch:states:{tenant}:{name}   hash: a job → its share in the counts: "status:bytes", or "failed:bytes:code"
-- batch:checks                   zset: a batch (JSON) → when a worker compares it with its jobs (ms)
--
-- The counts change by the difference between a job's state and its share. So a replay changes nothing, and a job that has
-- expired still counts as it ended.

-- Stands before the names of all batches. The loader passes it to every script, and assigns it before the script.
local batch_prefix

local IS_OPEN = { queued = true, processing = true, retrying = true }
local HAS_ENDED = { completed = true, failed = true, cancelled = true }
-- Seconds that an ended batch stays if another program has removed its own time.
local BATCH_TTL_SECONDS = 86400
-- Interval of the comparison in ms. It finds what other programs and older versions changed.
local BATCH_CHECK_MS = 60 * 60 * 1000

local function batch_keys(tenant, batch)
  local name = tenant .. ':' .. batch
  return {
    counts = batch_prefix .. 'counts:' .. name, jobs = batch_prefix .. 'jobs:' .. name,
    states = batch_prefix .. 'states:' .. name, checks = batch_prefix .. 'checks',
    entry = cjson.encode({ tenant, batch }),
  }
end

-- Splits a job's share into status, bytes and error code; nil for the text of another program.
local function parse_share(share)
  local status, bytes, code = string.match(share, '^(%l+):(%d+):?(.*)$')
  if status and (IS_OPEN[status] or HAS_ENDED[status]) then return status, tonumber(bytes), code end
end

-- Adds a job's share to sums by field (sign 1), or takes it out (sign -1).
local function add_job_share(sums, share, sign)
  local status, bytes, code = parse_share(share)
  local function add(field, amount) sums[field] = (sums[field] or 0) + sign * amount end
  add(status, 1)
  add('bytes', bytes)
  if HAS_ENDED[status] then add('bytes_done', bytes) end
  if code ~= '' then add('failure:' .. code, 1) end
end

-- Lets a batch expire `ttl` seconds after its last job ended. The time does not begin anew if the batch has one.
local function expire_batch(keys, ttl, only_without)
  local seconds = whole(ttl) ~= '0' and whole(ttl) or BATCH_TTL_SECONDS
  for _, key in ipairs({ keys.counts, keys.jobs, keys.states }) do
    redis.call('EXPIRE', key, seconds, unpack(only_without and { 'NX' } or {}))
  end
end

local function persist_batch(keys)
  for _, key in ipairs({ keys.counts, keys.jobs, keys.states }) do redis.call('PERSIST', key) end
end

local function delete_batch(keys)
  redis.call('DEL', keys.counts, keys.jobs, keys.states)
  on_line('ZREM', keys.checks, keys.entry)
end

-- Replaces a job's share in the counts.
-- before, after: the share; nil for none
local function replace_share(keys, id, before, after)
  local amounts = { queued = 0, processing = 0, retrying = 0 }
  if before then add_job_share(amounts, before, -1) end
  if after then add_job_share(amounts, after, 1) end
  local fields = {}
  for field in pairs(amounts) do fields[#fields + 1] = field end
  local found = on_line('HMGET', keys.counts, 'created_ms', 'ttl', unpack(fields))
  local values, gone = { 'updated_ms', now_text() }, {}
  if whole(found[1]) == '0' then values[3], values[4] = 'created_ms', now_text() end
  local open_before, open_after = 0, 0
  for place, field in ipairs(fields) do
    local count = tonumber(whole(found[place + 2]))
    local sum = math.max(0, count + amounts[field])
    if IS_OPEN[field] then open_before, open_after = open_before + count, open_after + sum end
    if sum == 0 and string.sub(field, 1, 8) == 'failure:' then
      gone[#gone + 1] = field
    else
      values[#values + 1], values[#values + 2] = field, string.format('%.0f', sum)
    end
  end
  redis.call('HSET', keys.counts, unpack(values))
  if #gone > 0 then redis.call('HDEL', keys.counts, unpack(gone)) end
  if after then
    on_line('HSET', keys.states, id, after)
  else
    on_line('HDEL', keys.states, id)
    on_line('ZREM', keys.jobs, id)
  end
  if after and not before then
    on_line('ZADD', keys.jobs, 'NX', now_text(), id)
    on_line('ZADD', keys.checks, 'NX', now_ms() + BATCH_CHECK_MS, keys.entry)
  end
  if open_after == 0 then
    expire_batch(keys, found[2])
  elseif open_before == 0 then
    persist_batch(keys)
  end
end

-- Returns the size of a job's file in bytes, as text; '0' for an unknown one.
local function file_size(key)
  local size = tonumber(read_payload(key).file_size) or 0
  return size >= 0 and size < 2 ^ 53 and string.format('%.0f', math.floor(size)) or '0'
end

-- Counts a job in its batch, by its present status. A job that stands in none of the batch's counts joins it.
-- job: its values of FIELDS, as `commit` has them
function count_in_batch(key, job)
  local id = job[AT.id]
  if not id then return end
  local keys = batch_keys(job[AT.tenant] or 'default', job[AT.batch])
  local before = on_line('HGET', keys.states, id)
  if before and not parse_share(before) then before = nil end
  local bytes = before and string.match(before, '^%l+:(%d+)') or file_size(key)
  local status = outcome(job) or (IS_OPEN[job[AT.status]] and job[AT.status]) or 'queued'
  local after = status .. ':' .. bytes
  if status == 'failed' then after = after .. ':' .. (job[AT.error_code] or '') end
  if before ~= after then replace_share(keys, id, before or nil, after) end
end

-- Takes a job out of its batch. The batch of its last job goes with it.
local function leave_batch(tenant, batch, id)
  local keys = batch_keys(tenant, batch)
  local before = on_line('HGET', keys.states, id)
  replace_share(keys, id, before and parse_share(before) and before or nil, nil)
  if redis.call('HLEN', keys.states) == 0 then delete_batch(keys) end
end

-- Prepares a batch for a job that joins it by its first `commit`. Returns false if the batch is full.
-- most: number of jobs that it takes; nil for a job that Redis has lost, because its upload was accepted
local function open_batch(tenant, batch, ttl_seconds, most)
  local keys = batch_keys(tenant, batch)
  if most and on_line('ZCARD', keys.jobs) >= most then return false end
  on_line('HSET', keys.counts, 'ttl', ttl_seconds)
  return true
end
