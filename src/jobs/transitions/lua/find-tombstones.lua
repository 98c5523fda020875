-- Checks which originals have a tombstone: their job ended without a document, or their document has another
-- original.
-- KEYS: 1 tombstones
-- ARGV: id, document id and file key of each job
-- Returns 1 or 0 for each. Publishes nothing.
local found = {}
for i = 1, #ARGV, 3 do
  local ended = encode_tombstone(ARGV[i], ARGV[i + 1], ARGV[i + 2])
  local replaced = encode_tombstone('', ARGV[i + 1], ARGV[i + 2])
  found[#found + 1] = (redis.call('ZSCORE', KEYS[1], ended) or redis.call('ZSCORE', KEYS[1], replaced)) and 1 or 0
end
return found
