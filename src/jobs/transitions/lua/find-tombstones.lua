-- Checks which originals have a tombstone: their job ended without a document, or their document has another
-- original.
-- Returns 1 or 0 for each. Publishes nothing.
local found = {}
for i = 1, #originals, 3 do
  local ended = encode_tombstone(originals[i], originals[i + 1], originals[i + 2])
  local replaced = encode_tombstone('', originals[i + 1], originals[i + 2])
  found[#found + 1] = (redis.call('ZSCORE', tombstones, ended) or redis.call('ZSCORE', tombstones, replaced)) and 1 or 0
end
return found
