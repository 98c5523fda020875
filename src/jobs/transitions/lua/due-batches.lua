-- Lists batches whose comparison with their jobs is due, and puts each off to the next one.
-- Returns at most count entries. Removes foreign entries, and batches that have expired. Publishes nothing.
-- No comparison waits longer. The clock was set back since, or another program wrote the time.
local latest = string.format('%.0f', now_ms() + BATCH_CHECK_MS)
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', batches, '(' .. latest, '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', batches, latest, entry)
end
local due = list_due(batches, count, function(entry)
  local ok, parts = pcall(cjson.decode, entry)
  if not (ok and type(parts) == 'table' and type(parts[1]) == 'string' and type(parts[2]) == 'string') then return false end
  local keys = batch_keys(parts[1], parts[2])
  return redis.call('EXISTS', keys.counts, keys.states) > 0
end)
for _, entry in ipairs(due) do redis.call('ZADD', batches, latest, entry) end
return due
