-- Replaces the counts of a collection by those that a walk through its documents found.
-- Returns 1, or 0 when the counts have changed since the walk began. Publishes nothing.
local kind = redis.call('TYPE', counts_key).ok
local found = kind == 'hash' and redis.call('HGET', counts_key, 'changes') or ''
if found ~= changes then return 0 end
clear_counts(counts_key)
if documents == '0' then
  redis.call('ZREM', collections_key, name)
else
  redis.call('ZADD', collections_key, 0, name)
  redis.call('HSET', counts_key, 'changes', count_up(changes), 'documents', documents, unpack(fields))
end
return 1
