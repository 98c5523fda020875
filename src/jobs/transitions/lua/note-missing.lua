-- Records the number of chunks of a document's live generation that Chroma lost.
-- Returns 1 when this is new, else 0. Writes nothing if another generation is live, or the document is gone.
-- Publishes nothing.
-- Ignores a value of another type, which another program wrote: it is no document.
local found = redis.pcall('HMGET', document_key, 'generation', 'missing_chunks')
if found.err or found[1] ~= generation then return 0 end
if missing == '0' then
  redis.call('HDEL', document_key, 'missing_chunks', 'file_gone', 'reindex_tries')
  redis.call('ZREM', incomplete, id)
  return found[2] and 1 or 0
end
redis.call('ZADD', incomplete, 'NX', now_ms(), id)
redis.call('HSET', document_key, 'missing_chunks', missing)
return found[2] == missing and 0 or 1
