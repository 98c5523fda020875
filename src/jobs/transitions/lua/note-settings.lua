-- Adds the chunking settings to a document that an older version registered without any.
-- KEYS: 1 document
-- ARGV: 1 its generation, then field, value, ...
-- Returns 1, or 0 when it already has settings, or has another generation. Publishes nothing.
local found = redis.pcall('HMGET', KEYS[1], 'generation', 'chunk_size')
if found.err or found[1] ~= ARGV[1] or found[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
