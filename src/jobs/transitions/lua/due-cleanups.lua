-- Lists dead generations whose chunks a worker may delete now.
-- Returns at most count entries, the longest due first. Removes foreign entries, and entries of live
-- generations. Publishes nothing.
local function makes_sense(entry)
  local ok, parts = pcall(cjson.decode, entry)
  if not ok or type(parts) ~= 'table' then return false end
  for i = 1, 4 do if type(parts[i]) ~= 'string' then return false end end
  return type(parts[5]) == 'number' and redis.pcall('HGET', document_prefix .. parts[3], 'generation') ~= parts[4]
end

-- No cleanup waits longer. The clock was set back since, or another program wrote the time. The wait begins anew,
-- because a wait this long gives an operator time to react.
local latest = string.format('%.0f', now_ms() + longest_ms)
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', cleanup, '(' .. latest, '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', cleanup, latest, entry)
end

return list_due(cleanup, count, makes_sense)
