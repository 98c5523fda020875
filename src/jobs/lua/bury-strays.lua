-- Marks generations that were found in Chroma as dead, as far as nothing here knows of them: the script that made
-- them live, or dead, is lost with the history that it was part of.
-- KEYS: 1 cleanup, 2 leases
-- ARGV: 1 key prefix of jobs, 2 key prefix of documents, 3 strangers_ms, 4 tenant of documents that name none,
--       5 JSON: [[collection, document id, generation], ...]
-- Returns how many were marked. Publishes nothing.
-- Those of a document that is wholly unknown wait: should Redis have come up with the wrong data, or with none, then
-- there is time to notice.
local held = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if redis.call('TYPE', ARGV[1] .. id).ok == 'hash' then
    held[redis.call('HGET', ARGV[1] .. id, 'token') or ''] = true
  end
end
local now = now_ms()
local marked = 0
for _, found in ipairs(cjson.decode(ARGV[5])) do
  local document = ARGV[2] .. found[2]
  -- An error, where another program has put something else than a hash: it shows nothing.
  local live = redis.pcall('HMGET', document, 'generation', 'tenant')
  if live[1] ~= found[3] and not held[found[3]] then
    local known = live[1] or redis.call('EXISTS', ARGV[1] .. found[2]) == 1
    local due = now + (known and 0 or tonumber(ARGV[3]))
    bury_chunks(KEYS[1], live[2] or ARGV[4], found[1], found[2], found[3], due)
    marked = marked + 1
  end
end
return marked
