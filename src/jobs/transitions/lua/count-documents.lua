-- Counts registered documents in their collections. One that is counted with its present values stays unchanged. Lists
-- pending edits again that another program has removed from their list.
-- Returns the ids of documents that an older version registered, and that stand in no line. Publishes nothing.
local kind = redis.call('TYPE', collections_key).ok
if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', collections_key) end
local outside = {}
for _, id in ipairs(ids) do
  local key = document_prefix .. id
  -- Another program may have spoilt the counts of a collection. The correction replaces them.
  if redis.call('TYPE', key).ok == 'hash' then
    pcall(count_document, collections_key, key)
    local copy, pending = unpack(redis.call('HMGET', key, 'copy', 'edit_pending'))
    if not copy then outside[#outside + 1] = id end
    if pending then on_line('ZADD', edited, 'NX', now_ms(), id) end
  end
end
return outside
