-- Notes that a dead generation's chunks have been deleted. The first time it is put off to be looked at once
-- more: Chroma may still carry out a write that was under way when its writer was cut off.
-- KEYS: 1 cleanup
-- ARGV: 1 entry, 2 second_look_ms
-- Returns 1 when the entry is done with, 0 when it was put off. Publishes nothing.
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then return 1 end
local entry = cjson.decode(ARGV[1])
if entry[5] >= 2 then return 1 end
entry[5] = 2
redis.call('ZADD', KEYS[1], now_ms() + tonumber(ARGV[2]), cjson.encode(entry))
return 0
