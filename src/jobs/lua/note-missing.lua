-- Notes how many chunks of a document's live generation Chroma lost.
-- KEYS: 1 document, 2 incomplete
-- ARGV: 1 id, 2 the generation whose chunks were counted, 3 how many are missing: 0 when it is whole
-- Returns 1 when that is news. Writes nothing where another generation is live by now, or the document is gone.
-- Publishes nothing.
-- An error, where another program has put something else than a hash: it is no document.
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
