-- Adds the chunking settings to a document that an older version registered without any.
-- Returns 1, or 0 when it already has settings, or has another generation. Publishes nothing.
local found = redis.pcall('HMGET', document_key, 'generation', 'chunk_size')
if found.err or found[1] ~= generation or found[2] then return 0 end
redis.call('HSET', document_key, unpack(fields))
return 1
