-- Counts registered documents in their collections. One that is counted with its present values stays as it is.
-- Returns the ids of documents that an older version registered, and that stand in no line. Publishes nothing.
local kind = redis.call('TYPE', collections_key).ok
if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', collections_key) end
local outside = {}
for _, id in ipairs(ids) do
  local key = document_prefix .. id
  -- Another program may have spoilt the counts of a collection. The correction replaces them.
  if redis.call('TYPE', key).ok == 'hash' then
    pcall(count_document, collections_key, key)
    if not redis.call('HGET', key, 'copy') then outside[#outside + 1] = id end
  end
end
return outside
