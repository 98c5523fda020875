-- Lists documents whose metadata a worker has to carry on now: to the manifest and to Chroma.
-- Returns at most count ids, the longest due first. Removes documents that are gone, and hashes that are none, because no
-- worker can carry on their edit. Publishes nothing.
-- No edit waits longer. The clock was set back since, or another program wrote the time.
local latest = string.format('%.0f', now_ms() + longest_ms)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', edited, '(' .. latest, '+inf', 'LIMIT', 0, 1000)) do
  redis.call('ZADD', edited, latest, id)
end

return list_due(edited, count, function(id) return redis.pcall('HGET', document_prefix .. id, 'id') == id end)
