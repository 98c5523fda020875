-- Records that an incomplete document cannot be indexed again, because its original is gone. Sets the next look for
-- it.
-- KEYS: 1 document, 2 incomplete
-- ARGV: 1 id, 2 the generation to replace, 3 time until the next look (ms)
-- Returns 1 when this is new, else 0. Publishes nothing.
local found = redis.pcall('HMGET', KEYS[1], 'generation', 'file_gone')
if found.err or found[1] ~= ARGV[2] then return 0 end
redis.call('ZADD', KEYS[2], 'XX', now_ms() + tonumber(ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[1], 'file_gone', '1')
return found[2] and 0 or 1
