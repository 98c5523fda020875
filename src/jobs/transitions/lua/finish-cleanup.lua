-- Notes that a worker has deleted a dead generation's chunks. The first time, it schedules a second look. Chroma may
-- still carry out a write after its writer's connection broke.
-- Returns 1 when the entry is done, 0 when a second look is due. Publishes nothing.
if redis.call('ZREM', cleanup, entry) == 0 then return 1 end
local parts = cjson.decode(entry)
if parts[5] >= 2 then return 1 end
parts[5] = 2
redis.call('ZADD', cleanup, now_ms() + tonumber(second_look_ms), cjson.encode(parts))
return 0
