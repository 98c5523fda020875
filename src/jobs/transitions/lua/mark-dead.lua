-- Marks generations found in Chroma as dead, if there is evidence. Redis may have lost the script that made them live
-- or dead, together with its epoch.
-- Returns {marked, places}: the number marked, and the places of orphans in the list, from 1. Publishes nothing.
-- A document with another live generation is evidence. So is a job that holds another one, ended without a document,
-- completed with the document of another upload, or whose document a client deleted. Redis may have lost such a job, too.
-- Then the caller's note of the deletion is evidence, as the fourth value of a generation.
-- In these cases no script makes this generation live. An orphan has no evidence. Its document may return from the blob
-- store, and Redis may hold the wrong data, or none.
local held = {}
for _, id in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  if redis.call('TYPE', job_prefix .. id).ok == 'hash' then
    held[redis.call('HGET', job_prefix .. id, 'token') or ''] = true
  end
end
-- A completed job has made a document. The absence of that document proves nothing.
local function is_evidence(id)
  local job = job_prefix .. id
  if redis.call('TYPE', job).ok ~= 'hash' then return false end
  local status, result, deleted = unpack(redis.call('HMGET', job, 'status', 'result', 'deleted'))
  if status ~= 'completed' or deleted then return true end
  local ok, made = pcall(cjson.decode, result or '')
  return ok and type(made) == 'table' and type(made.document_id) == 'string' and made.document_id ~= id
end

local marked, orphans = 0, {}
for place, found in ipairs(cjson.decode(generations)) do
  local document = document_prefix .. found[2]
  -- A value of another type gives an error, which is no evidence.
  local live = redis.pcall('HMGET', document, 'generation', 'tenant')
  if live[1] ~= found[3] and not held[found[3]] then
    if live[1] or found[4] or is_evidence(found[2]) then
      mark_chunks_dead(cleanup, live[2] or default_tenant, found[1], found[2], found[3], now_ms())
      marked = marked + 1
    else
      orphans[#orphans + 1] = place
    end
  end
end
return { marked, orphans }
