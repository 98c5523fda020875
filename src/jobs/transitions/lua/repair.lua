-- Repairs states that no transition leaves. Other programs pop, push and delete, and an older copy of Redis lacks writes.
-- Looks at about `batch` active jobs. Returns {cursor, repaired}. The cursor is '0' once all jobs have had their turn.
-- Publishes each job whose state it changes.
local TYPES = {
  [active] = 'set', [queue] = 'list', [leases] = 'zset', [delayed] = 'zset', [limbo] = 'zset', [recent] = 'zset',
  [offset] = 'string', [epoch] = 'string', [cleanup] = 'zset', [outcomes] = 'hash', [durations] = 'list',
  [server] = 'string', [swept] = 'string', [tombstones] = 'zset', [incomplete] = 'zset', [reindexing] = 'set',
  [orphans] = 'string', [parked] = 'zset', [counted] = 'hash', [counting] = 'string', [recovered] = 'string',
  [edited] = 'zset', [batches] = 'zset', [reembedding] = 'set', [lanes] = 'zset', [costs] = 'string', [changed] = 'zset',
}
local PAGE = 1000
local repaired = 0

-- Every other script fails on a key of another type.
local function make_room(key)
  redis.call('DEL', key)
  repaired = repaired + 1
end
for key, wanted in pairs(TYPES) do
  local found = redis.call('TYPE', key).ok
  if found ~= wanted and found ~= 'none' then make_room(key) end
end
if not string.match(redis.call('GET', offset) or '0', '^%d+$') then make_room(offset) end
trim_changed(changed, tonumber(redis.call('GET', offset)) or 0)

-- Active jobs without a lease or a delay. Below, the walk through the queue removes those that it finds.
local lost, count = {}, 0
local scanned = redis.call('SSCAN', active, cursor, 'COUNT', batch)
for _, id in ipairs(scanned[2]) do
  local key = job_prefix .. id
  local job = redis.call('TYPE', key).ok == 'hash' and read(key)
  if not job or is_terminal(job[AT.status]) then
    -- Deleted, or ended by hand.
    redis.call('SREM', active, id)
    redis.call('ZREM', leases, id)
    redis.call('ZREM', delayed, id)
    if job then redis.call('EXPIRE', key, ttl_seconds, 'NX') end
    repaired = repaired + 1
  else
    -- A lease that no claim gave would block every claim of the job.
    if job[AT.status] ~= 'processing' then redis.call('ZREM', leases, id) end
    local waits = redis.call('ZSCORE', leases, id) or redis.call('ZSCORE', delayed, id) or redis.call('ZSCORE', parked, id)
    if not lost[id] and not waits then
      lost[id], count = job, count + 1
    end
  end
end
-- Walks through the queue once for all of them. A search for each job would block Redis for long.
local from = 0
while count > 0 do
  local page = redis.call('LRANGE', queue, from, from + PAGE - 1)
  for _, id in ipairs(page) do
    if lost[id] then lost[id], count = nil, count - 1 end
  end
  if #page < PAGE then break end
  from = from + PAGE
end
for id, job in pairs(lost) do
  local key = job_prefix .. id
  redis.call('RPUSH', queue, id)
  repaired = repaired + 1
  if job[AT.status] == 'processing' then
    mark_dead(cleanup, key, job, id)
    commit(key, offset, epoch, job, queued_changes(), drop_counts('stage'))
  end
end
-- A parked job whose turn has come missed the end of the job before it. The claim decides anew.
for _, id in ipairs(redis.call('ZRANGE', parked, 0, PAGE - 1)) do
  local how, copy, name = unpack(redis.pcall('HMGET', job_prefix .. id, 'on_duplicate', 'copy', 'name'))
  local line = line_prefix .. ((how == 'replace' and name or copy) or '') .. ':jobs'
  local first = first_in(line, job_prefix)
  if not first or first == id then
    redis.call('ZREM', parked, id)
    redis.call('RPUSH', queue, id)
    commit_unparked(job_prefix .. id, offset, epoch)
    repaired = repaired + 1
  end
end
-- Removes expired jobs from the list of recent ones. Looks at the oldest only.
for _, id in ipairs(redis.call('ZRANGE', recent, 0, 99)) do
  if redis.call('EXISTS', job_prefix .. id) == 0 then redis.call('ZREM', recent, id) end
end
return { scanned[1], repaired }
