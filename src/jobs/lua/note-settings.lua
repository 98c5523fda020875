-- Adds the settings that a document was cut by to one that an older version registered without.
-- KEYS: 1 document
-- ARGV: 1 its generation, then field, value, ...
-- Returns 1, or 0 when it has settings by now, or another generation. Publishes nothing.
local found = redis.pcall('HMGET', KEYS[1], 'generation', 'chunk_size')
if found.err or found[1] ~= ARGV[1] or found[2] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
