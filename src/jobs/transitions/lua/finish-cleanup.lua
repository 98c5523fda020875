-- Notes that a dead generation's chunks have been deleted. The first time it is put off to be looked at once
-- more: Chroma may still carry out a write that was under way when its writer was cut off.
-- Returns 1 when the entry is done with, 0 when it was put off. Publishes nothing.
if redis.call('ZREM', cleanup, entry) == 0 then return 1 end
local parts = cjson.decode(entry)
if parts[5] >= 2 then return 1 end
parts[5] = 2
redis.call('ZADD', cleanup, now_ms() + tonumber(second_look_ms), cjson.encode(parts))
return 0
