-- Records the number of chunks of a document's live generation that Chroma lost.
-- KEYS: 1 document, 2 incomplete
-- ARGV: 1 id, 2 the generation that was counted, 3 number of missing chunks, 0 for none
-- Returns 1 when this is new, else 0. Writes nothing if another generation is live, or the document is gone.
-- Publishes nothing.
-- Ignores a value of another type, which another program wrote: it is no document.
local found = redis.pcall('HMGET', KEYS[1], 'generation', 'missing_chunks')
if found.err or found[1] ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then
  redis.call('HDEL', KEYS[1], 'missing_chunks', 'file_gone', 'reindex_tries')
  redis.call('ZREM', KEYS[2], ARGV[1])
  return found[2] and 1 or 0
end
redis.call('ZADD', KEYS[2], 'NX', now_ms(), ARGV[1])
redis.call('HSET', KEYS[1], 'missing_chunks', ARGV[3])
return found[2] == ARGV[3] and 0 or 1
