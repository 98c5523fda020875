-- Restores a tombstone that Redis has lost. A note beside the original proves how its job ended.
-- Returns 1, or 0 for an active job. Publishes nothing.
if redis.call('TYPE', job_key).ok == 'hash' and not is_terminal(redis.call('HGET', job_key, 'status')) then return 0 end
redis.call('ZADD', tombstones, 'NX', now_ms() + tonumber(delay_ms), encode_tombstone(id, document_id, file_key))
return 1
