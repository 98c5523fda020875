-- Notes that a worker without a claim has stopped writing to Chroma. Its last writes may have come after their cleanup.
-- So this marks its generation dead once more, unless the generation is live.
-- Returns 1 when it notes a cleanup, else 0. Publishes nothing.
local status, holder = unpack(redis.call('HMGET', job_key, 'status', 'token'))
if redis.call('HGET', document_key, 'generation') == token or holds(status, holder, token) then return 0 end
mark_chunks_dead(cleanup, tenant, collection, document_id, token, now_ms())
return 1
