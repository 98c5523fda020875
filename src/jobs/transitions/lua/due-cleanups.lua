-- Lists dead generations whose chunks are to be deleted now.
-- KEYS: 1 cleanup
-- ARGV: 1 count, 2 key prefix of documents, 3 longest_ms
-- Returns at most count entries, the longest due first. Removes what no script has written, and what would take from a
-- document what it shows. Publishes nothing.
local function makes_sense(entry)
  local ok, parts = pcall(cjson.decode, entry)
  if not ok or type(parts) ~= 'table' then return false end
  for i = 1, 4 do if type(parts[i]) ~= 'string' then return false end end
  return type(parts[5]) == 'number' and redis.pcall('HGET', ARGV[2] .. parts[3], 'generation') ~= parts[4]
end

-- No cleanup waits longer. The clock was set back since, or another program wrote the time. The wait begins anew,
-- because a wait this long gives an operator time to react.
local latest = string.format('%.0f', now_ms() + ARGV[3])
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. latest, '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', KEYS[1], latest, entry)
end

local due = {}
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms(), 'LIMIT', 0, ARGV[1])) do
  if makes_sense(entry) then
    due[#due + 1] = entry
  else
    redis.call('ZREM', KEYS[1], entry)
  end
end
return due
