-- Gives documents of a collection the model of its rebuilt vectors, and counts them again. Leaves out documents that are
-- gone. Publishes nothing.
for _, id in ipairs(ids) do
  local key = document_prefix .. id
  local found = redis.pcall('HMGET', key, 'collection', 'model', 'dimension')
  if found[1] == collection and not (found[2] == model and found[3] == dimension) then
    redis.call('HSET', key, 'model', model, 'dimension', dimension)
    -- Ignores an error of a key that another program spoilt. A later count corrects it.
    pcall(count_document, collections_key, key)
  end
end
