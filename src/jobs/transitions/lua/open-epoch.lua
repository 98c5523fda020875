-- Checks whether Redis lost writes, and names a new epoch if it may have. New versions may repeat lost ones.
-- Returns {epoch, offset, run id of the server}, as they are now. Publishes nothing.
-- A new run id of Redis (a restart, a failover) starts a new epoch. Comparing offsets alone misses lost writes, because
-- new events may already have caught up.
-- A transition names an epoch in an emptied Redis. That name has no server yet, because no node saw it in another.
local name = redis.call('GET', epoch)
local count = tonumber(redis.call('GET', offset)) or 0
local here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local named = redis.call('GET', server)
local known = name == seen_epoch
local went_back = known and count < tonumber(seen_offset)
local elsewhere = named ~= here and (named or known)
if not name or went_back or elsewhere then
  name = new_epoch(epoch)
  begin_changed(offset, count)
else
  trim_changed(prefix_of(offset) .. 'jobs:changed', count)
end
if named ~= here then redis.call('SET', server, here) end
return { name, count, here }
