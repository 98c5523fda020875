-- Puts right what no transition of ours leaves behind: other programs pop, push and delete, and a Redis that
-- came back from an older copy has forgotten.
-- KEYS: 1 active, 2 queue, 3 leases, 4 delayed, 5 limbo, 6 recent, 7 offset, 8 epoch, 9 cleanup, 10 outcomes,
--       11 durations, 12 server, 13 swept, 14 tombstones, 15 incomplete, 16 reindexing, 17 orphans
-- ARGV: 1 key prefix of jobs, 2 cursor of the last call, 3 count, 4 ttl_seconds
-- Looks at about count of the active jobs. Returns {cursor, repaired}; the cursor is '0' when all have been seen.
-- Publishes each job whose state it changes.
local TYPES = { 'set', 'list', 'zset', 'zset', 'zset', 'zset', 'string', 'string', 'zset', 'hash', 'list', 'string', 'string',
  'zset', 'zset', 'set', 'string' }
local PAGE = 1000
local repaired = 0

-- On what is not ours under a name of ours, every other script would fail.
local function make_room(key)
  redis.call('DEL', key)
  repaired = repaired + 1
end
for i, wanted in ipairs(TYPES) do
  local found = redis.call('TYPE', KEYS[i]).ok
  if found ~= wanted and found ~= 'none' then make_room(KEYS[i]) end
end
if not string.match(redis.call('GET', KEYS[7]) or '0', '^%d+$') then make_room(KEYS[7]) end

-- Jobs that wait for nothing, unless they are found in the queue.
local lost, count = {}, 0
local scanned = redis.call('SSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
for _, id in ipairs(scanned[2]) do
  local key = ARGV[1] .. id
  local job = redis.call('TYPE', key).ok == 'hash' and read(key)
  if not job or is_terminal(job[AT.status]) then
    -- Deleted, or ended by hand.
    redis.call('SREM', KEYS[1], id)
    redis.call('ZREM', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
    if job then redis.call('EXPIRE', key, ARGV[4], 'NX') end
    repaired = repaired + 1
  else
    -- A lease that no claim has given would keep every claim off.
    if job[AT.status] ~= 'processing' then redis.call('ZREM', KEYS[3], id) end
    if not lost[id] and not redis.call('ZSCORE', KEYS[3], id) and not redis.call('ZSCORE', KEYS[4], id) then
      lost[id], count = job, count + 1
    end
  end
end
-- One walk through the queue for all of them: to search a long one for each would hold everybody up.
local from = 0
while count > 0 do
  local page = redis.call('LRANGE', KEYS[2], from, from + PAGE - 1)
  for _, id in ipairs(page) do
    if lost[id] then lost[id], count = nil, count - 1 end
  end
  if #page < PAGE then break end
  from = from + PAGE
end
for id, job in pairs(lost) do
  local key = ARGV[1] .. id
  redis.call('RPUSH', KEYS[2], id)
  repaired = repaired + 1
  if job[AT.status] == 'processing' then
    mark_dead(KEYS[9], key, job, id)
    commit(key, KEYS[7], KEYS[8], job,
      { 'status', 'queued', 'progress', '0', 'fraction', '0', 'message', 'Waiting for worker...' },
      { 'stage', 'pages_done', 'pages_total', 'pages_unread', 'chunks_done', 'chunks_total' })
  end
end
-- The list of recent jobs forgets those that have expired, from the oldest on.
for _, id in ipairs(redis.call('ZRANGE', KEYS[6], 0, 99)) do
  if redis.call('EXISTS', ARGV[1] .. id) == 0 then redis.call('ZREM', KEYS[6], id) end
end
return { scanned[1], repaired }
