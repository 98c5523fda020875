-- Notes that a worker which has lost its claim has stopped writing to Chroma. What it wrote after its lease had
-- ended may have come after its cleanup; so its generation is cleaned up once more, unless it is the live one.
-- KEYS: 1 job, 2 cleanup, 3 document
-- ARGV: 1 token, 2 tenant, 3 collection, 4 document id
-- Returns 1 when a cleanup was noted. Publishes nothing.
local status, holder = unpack(redis.call('HMGET', KEYS[1], 'status', 'token'))
if redis.call('HGET', KEYS[3], 'generation') == ARGV[1] or holds(status, holder, ARGV[1]) then return 0 end
mark_chunks_dead(KEYS[2], ARGV[2], ARGV[3], ARGV[4], ARGV[1], now_ms())
return 1
