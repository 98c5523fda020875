-- Marks generations that were found in Chroma as dead, as far as there is evidence: the script that made them live, or
-- dead, is lost with the history that it was part of.
-- KEYS: 1 cleanup, 2 leases
-- ARGV: 1 key prefix of jobs, 2 key prefix of documents, 3 tenant of documents that name none,
--       4 JSON: [[collection, document id, generation], ...]
-- Returns {marked, places}: how many were marked, and the places in the list, from 1, of orphans. Publishes nothing.
-- Evidence is a document that has another live generation, or a job that holds another one, or that ended without a
-- document: none of them ever makes this one live. An orphan has neither. Its document may come back from the blob
-- store, and Redis may have come up with the wrong data, or with none.
local held = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if redis.call('TYPE', ARGV[1] .. id).ok == 'hash' then
    held[redis.call('HGET', ARGV[1] .. id, 'token') or ''] = true
  end
end
-- A completed job has made a document: where that is gone, nobody knows why.
local function is_evidence(job)
  return redis.call('TYPE', job).ok == 'hash' and redis.call('HGET', job, 'status') ~= 'completed'
end

local marked, orphans = 0, {}
for place, found in ipairs(cjson.decode(ARGV[4])) do
  local document = ARGV[2] .. found[2]
  -- An error, where another program has put something else than a hash: it shows nothing.
  local live = redis.pcall('HMGET', document, 'generation', 'tenant')
  if live[1] ~= found[3] and not held[found[3]] then
    if live[1] or is_evidence(ARGV[1] .. found[2]) then
      bury_chunks(KEYS[1], live[2] or ARGV[3], found[1], found[2], found[3], now_ms())
      marked = marked + 1
    else
      orphans[#orphans + 1] = place
    end
  end
end
return { marked, orphans }
