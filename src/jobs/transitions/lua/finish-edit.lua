-- Notes that a document's manifest and chunks hold its present metadata. The first time, it schedules a second look. Chroma
-- may still carry out a write of an earlier edit after its writer's connection broke.
-- generation, seen_ms: the live generation and the latest edit that the caller has applied
-- Returns 1; 0 when a later edit or another generation came meanwhile. Publishes nothing.
local found = redis.pcall('HMGET', document_key, 'generation', 'edited_ms', 'edit_pending')
if found.err or not found[1] then
  on_line('ZREM', edited, id)
  return 1
end
if found[1] ~= generation or edit_time(found[2]) ~= seen_ms then return 0 end
if found[3] then
  on_line('ZADD', edited, now_ms() + tonumber(second_look_ms), id)
  redis.call('HDEL', document_key, 'edit_pending')
elseif (tonumber(on_line('ZSCORE', edited, id)) or 0) <= now_ms() then
  redis.call('ZREM', edited, id)
end
return 1
