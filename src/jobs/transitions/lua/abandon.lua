-- Notes that a worker which has lost its claim has stopped writing to Chroma. What it wrote after its lease had
-- ended may have come after its cleanup; so its generation is cleaned up once more, unless it is the live one.
-- Returns 1 when a cleanup was noted. Publishes nothing.
local status, holder = unpack(redis.call('HMGET', job_key, 'status', 'token'))
if redis.call('HGET', document_key, 'generation') == token or holds(status, holder, token) then return 0 end
mark_chunks_dead(cleanup, tenant, collection, document_id, token, now_ms())
return 1
