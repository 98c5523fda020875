-- Finds out whether Redis still is what it was, and names a new epoch when it is not: versions given since
-- may repeat versions that were lost.
-- KEYS: 1 epoch, 2 offset, 3 server
-- ARGV: 1 epoch and 2 offset that the caller saw last ('' and 0 at first)
-- Returns {epoch, offset, run id of the server}, as they are now. Publishes nothing.
-- A new run id of Redis (a restart, a failover) starts a new epoch. Comparing offsets alone misses lost writes, because
-- new events may already have caught up.
-- Only the name that a transition gives, in a Redis that has none, is not one server's yet: nobody can have seen it
-- in another.
local epoch = redis.call('GET', KEYS[1])
local offset = tonumber(redis.call('GET', KEYS[2])) or 0
local here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local server = redis.call('GET', KEYS[3])
local known = epoch == ARGV[1]
local went_back = known and offset < tonumber(ARGV[2])
local elsewhere = server ~= here and (server or known)
if not epoch or went_back or elsewhere then epoch = new_epoch(KEYS[1]) end
if server ~= here then redis.call('SET', KEYS[3], here) end
return { epoch, offset, here }
