-- Finds out whether Redis still is what it was, and names a new history when it is not: versions given since
-- may repeat versions that were lost.
-- KEYS: 1 history, 2 sequence, 3 server
-- ARGV: 1 history and 2 sequence that the caller saw last ('' and 0 at first)
-- Returns {history, sequence, run id of the server}, as they are now. Publishes nothing.
-- Another server (a restart, a failover) counts as another history, whether it lost writes or not: by the time
-- that anybody asks, new transitions may have made up for the number of those that are gone.
-- Only the name that a transition gives, in a Redis that has none, is not one server's yet: nobody can have seen it
-- in another.
local history = redis.call('GET', KEYS[1])
local sequence = tonumber(redis.call('GET', KEYS[2])) or 0
local here = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
local server = redis.call('GET', KEYS[3])
local known = history == ARGV[1]
local went_back = known and sequence < tonumber(ARGV[2])
local elsewhere = server ~= here and (server or known)
if not history or went_back or elsewhere then history = new_history(KEYS[1]) end
if server ~= here then redis.call('SET', KEYS[3], here) end
return { history, sequence, here }
