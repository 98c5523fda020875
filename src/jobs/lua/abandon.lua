-- Notes that a worker which has lost its claim has stopped writing to Chroma. What it wrote after its lease had
-- ended may have come after its cleanup; so its generation is cleaned up once more, unless it is the live one.
-- KEYS: 1 job, 2 cleanup, 3 document
-- ARGV: 1 id, 2 token
-- Returns 1 when a cleanup was noted. Publishes nothing.
if redis.call('HGET', KEYS[3], 'generation') == ARGV[2] then return 0 end
if holds(KEYS[1], ARGV[2]) then return 0 end
bury(KEYS[2], KEYS[1], ARGV[1], ARGV[2], now_ms())
return 1
