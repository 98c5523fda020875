-- Takes up to count waiting jobs, and leases them. Collections take turns (lane.lua).
-- Returns {granted, next_ms, now, costs}:
--   - granted is {values, payload, timeline, ...}: each job's values of FIELDS as JSON, its token among them, its payload,
--     and its timeline.
--   - next_ms is the time until a delayed job or an id in limbo may become ready, -1 without one.
--   - now is the time in ms. The holder of a claim dates its entries of the timeline by it.
--   - costs are as `read_costs` returns them; '' without a job, or while they are unknown.
-- A replay (same nonce) gets the jobs of the same grant that it still holds.
-- Publishes each job taken, processing, and each job whose document exists already, completed.
-- Fails if the installation uses another blob store, or Redis names none yet. The caller could not read the originals.
--
-- Removes every entry that cannot run, because blocking waiters would spin on it. An id without a hash waits in limbo for
-- 60 s, because its writer may still write the hash. Then the script forgets it.
if is_foreign(installation, store, true) then
  return redis.error_reply('FOREIGN the installation uses another blob store')
end

local LIMBO_MS = 60000
local MOST_LOOKED_AT = 1000
-- A chain of copies completes one after the other. More in one call would block Redis for long.
local MOST_DONE = 100
local WANTED = { unpack(FIELDS) }
for _, field in ipairs({ 'fence', 'started_ms', 'queued_ms', 'payload', 'on_duplicate', 'copy', 'name', 'timeline' }) do
  WANTED[#WANTED + 1] = field
end
local FENCE, STARTED_MS, QUEUED_MS, PAYLOAD, TIMELINE = #FIELDS + 1, #FIELDS + 2, #FIELDS + 3, #FIELDS + 4, #WANTED

local granted, known_costs = {}, nil

local before = redis.call('LRANGE', grant_key, 0, -1)
if #before > 0 then
  for _, id in ipairs(before) do
    local job = read(job_prefix .. id)
    local token = job[AT.token] or ''
    if holds(job[AT.status], token:match('[^-]*-(.*)'), nonce) then
      granted[#granted + 1] = cjson.encode(job)
      local further = redis.call('HMGET', job_prefix .. id, 'payload', 'timeline')
      granted[#granted + 1], granted[#granted + 2] = further[1] or '', further[2] or ''
    end
  end
  return { granted, -1, now_text(), read_costs(costs) or '' }
end

-- further: the values of WANTED that are not among FIELDS
local function grant(id, key, job, further, payload)
  local fence = count_up(further[FENCE])
  -- A program that deletes a lease and queues its job leaves a generation that no worker ends.
  if job[AT.status] == 'processing' then mark_dead(cleanup, key, job, id) end
  -- A job that another program wrote is not among the recent jobs. It may hold the documented fields only.
  if not further[QUEUED_MS] then redis.call('ZADD', recent, 'NX', now_ms(), id) end

  local changes = {
    'status', 'processing', 'progress', '10', 'fraction', '0.1', 'message', 'Parsing document...', 'stage', 'parse',
    'fence', fence, 'token', fence .. '-' .. nonce, 'attempt', count_up(job[AT.attempt]),
  }
  local function ensure(field, value)
    if job[AT[field]] == value then return end
    changes[#changes + 1], changes[#changes + 2] = field, value
  end
  ensure('id', id)
  ensure('type', job[AT.type] or 'document_upload')
  ensure('run', tonumber(job[AT.run]) and job[AT.run] or '1')
  ensure('max_retries', tonumber(job[AT.max_retries]) and job[AT.max_retries] or max_retries)
  ensure('created_at', job[AT.created_at] or stamp())
  ensure('started_at', job[AT.started_at] or stamp())
  if not further[STARTED_MS] then changes[#changes + 1], changes[#changes + 2] = 'started_ms', now_text() end
  if known_costs == nil then known_costs = read_costs(costs) end
  ensure('time_left_ms', time_left(known_costs, payload))

  local values, timeline = commit(key, offset, epoch, job, changes, drop_counts('error', 'error_code'),
    further[TIMELINE] or false, '')
  local place = #granted
  granted[place + 1], granted[place + 2], granted[place + 3] = values, payload or '', timeline
end

local at = {
  job_prefix = job_prefix, document_prefix = document_prefix, line_prefix = line_prefix, queue = queue, parked = parked,
  active = active, offset = offset, epoch = epoch, outcomes = outcomes, lanes = lanes, lane_prefix = lane_prefix,
  ttl_seconds = ttl_seconds, model = model, reader_version = reader_version,
}

local function end_delays(from, to)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', delayed, from, to, 'LIMIT', 0, MOST_LOOKED_AT)) do
    redis.call('ZREM', delayed, id)
    local is_hash, job = pcall(read, job_prefix .. id)
    queue_last(at, id, job, is_hash and redis.call('HGET', job_prefix .. id, 'priority'))
  end
end
end_delays('-inf', now_ms())
-- No retry waits this long. The clock was set back since, or another program wrote the time.
end_delays(string.format('(%.0f', now_ms() + longest_backoff_ms), '+inf')

local waiting = redis.call('ZRANGE', limbo, 0, MOST_LOOKED_AT - 1, 'WITHSCORES')
for i = 1, #waiting, 2 do
  if redis.call('EXISTS', job_prefix .. waiting[i]) == 1 then
    redis.call('ZREM', limbo, waiting[i])
    redis.call('RPUSH', queue, waiting[i])
  elseif tonumber(waiting[i + 1]) <= now_ms() - LIMBO_MS then
    redis.call('ZREM', limbo, waiting[i])
  elseif tonumber(waiting[i + 1]) > now_ms() then
    redis.call('ZADD', limbo, now_ms(), waiting[i])
  end
end

local has_waiting = redis.call('EXISTS', queue) == 1
-- Other programs push without entering the list among the lanes.
if has_waiting then redis.call('ZADD', lanes, 'NX', 0, '') end
local turn = tonumber(redis.call('GET', offset)) or 0
if has_waiting then limit_turns(at, turn) end
local until_ms = string.format('%.0f', now_ms() + tonumber(lease_ms))
local taken, done = {}, 0
for _ = 1, has_waiting and MOST_LOOKED_AT or 0 do
  if #taken >= tonumber(count) or done >= MOST_DONE then break end
  turn = turn + 1
  local id, lane = take_next(at, turn)
  if not id then break end
  local key = job_prefix .. id
  local is_hash, job = pcall(redis.call, 'HMGET', key, unpack(WANTED))
  if not is_hash then
    -- The key has another type, so the id can never run.
  elseif not job[AT.status] and redis.call('EXISTS', key) == 0 then
    redis.call('ZADD', limbo, 'NX', now_ms(), id)
  elseif is_terminal(job[AT.status]) then
    redis.call('SREM', active, id)
  elseif redis.call('ZADD', leases, 'NX', until_ms, id) == 1 then
    if lane == '' then leave_lane(lane_prefix, id, job) else redis.call('LREM', queue, -1, id) end
    local further = {}
    for place = #FIELDS + 1, #WANTED do further[place], job[place] = job[place], nil end
    local admitted, retargeted = admit(id, key, job, at, further[PAYLOAD] or '', unpack(further, PAYLOAD + 1, PAYLOAD + 3))
    if admitted == 'run' then
      if #taken == 0 then hold_events(offset, tonumber(count)) end
      taken[#taken + 1] = id
      grant(id, key, job, further, retargeted or further[PAYLOAD])
    else
      redis.call('ZREM', leases, id)
      if admitted == 'done' then done = done + 1 end
    end
  end
end

close_lanes(at)

local next_ms = -1
if redis.call('ZCARD', limbo) > 0 then next_ms = 1000 end
if done >= MOST_DONE then next_ms = 0 end
local due = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
if due[2] then
  local wait = math.max(0, tonumber(due[2]) - now_ms())
  if next_ms < 0 or wait < next_ms then next_ms = wait end
end

if #taken > 0 then
  send_events(offset, epoch)
  -- Another program may have queued a delayed job, or have emptied the set.
  redis.call('ZREM', delayed, unpack(taken))
  redis.call('SADD', active, unpack(taken))
  redis.call('RPUSH', grant_key, unpack(taken))
  redis.call('PEXPIRE', grant_key, lease_ms)
end
return { granted, next_ms, now_text(), known_costs or '' }
