-- Records that no job can index an incomplete document again, because its original is gone. Sets the next look for
-- it.
-- Returns 1 when this is new, else 0. Publishes nothing.
local found = redis.pcall('HMGET', document_key, 'generation', 'file_gone')
if found.err or found[1] ~= generation then return 0 end
redis.call('ZADD', incomplete, 'XX', now_ms() + tonumber(wait_ms), id)
redis.call('HSET', document_key, 'file_gone', '1')
return found[2] and 0 or 1
