-- Replaces the custom metadata of a document. Lists the document as edited until its manifest and its chunks follow.
-- generation, seen_ms: the live generation and the latest edit that the caller has read
-- lost_ms: the time of an edit to repeat, because Redis has lost it; '' for a new one
-- wait_ms: time that the caller has to apply the edit, before a worker does
-- Returns the time of the edit (ms); 0 when the document has changed since the caller's read; nil when it is
-- gone, or another tenant's. A replay gets 0. Publishes nothing.
local found = redis.pcall('HMGET', document_key, 'tenant', 'generation', 'edited_ms', 'copy', 'name')
if found.err or found[1] ~= tenant then return nil end
if (found[2] or '') ~= generation or edit_time(found[3]) ~= seen_ms then return 0 end

-- Comes first, because Redis does not roll back a script that fails half-way.
on_line('ZADD', edited, now_ms() + tonumber(wait_ms), id)
-- Each edit has a time of its own, also after the clock was set back. It decides which of two edits is the later one.
local edited_ms = lost_ms ~= '' and lost_ms or string.format('%.0f', math.max(now_ms(), tonumber(seen_ms) + 1))
-- A document of an older version has no copy, and stands in no line.
if copy ~= '' and (found[4] or '') ~= '' then
  enter_document(id, found[4], copy, found[5], line_prefix)
  redis.call('HSET', document_key, 'copy', copy)
end
redis.call('HSET', document_key, 'metadata', metadata, 'updated_at', stamp(), 'edited_ms', edited_ms, 'edit_pending', '1')
return tonumber(edited_ms)
