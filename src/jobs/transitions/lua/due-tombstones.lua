-- Lists originals that a sweep may delete now: the script that ended their job or document wrote a tombstone.
-- Returns at most count entries, the longest due first. Removes foreign entries, and tombstones of jobs that run
-- again and of originals that their document owns. Publishes nothing.
local function covers(entry)
  local ok, parts = pcall(cjson.decode, entry)
  if not ok or type(parts) ~= 'table' then return false end
  for i = 1, 3 do if type(parts[i]) ~= 'string' then return false end end
  local id, document, file = unpack(parts)
  if redis.pcall('HGET', document_prefix .. document, 'file_key') == file then return false end
  local job = job_prefix .. id
  return redis.call('TYPE', job).ok ~= 'hash' or is_terminal(redis.call('HGET', job, 'status'))
end

return list_due(tombstones, count, covers)
