-- Enters documents of an older version under their copy and name. The newer version does so when it completes a job.
-- documents: id, generation, time of the latest edit, copy, name of each. The copy is '' while the settings are unknown.
-- The name is '' without a content hash. Such a document stands in no line. It gets empty fields, so that no later call
-- lists it.
-- Returns nothing. Publishes nothing. Leaves a document that was replaced, edited or entered meanwhile.
for i = 1, #documents, 5 do
  local id, generation, seen_ms, copy, name = unpack(documents, i, i + 4)
  local key = document_prefix .. id
  local found = redis.pcall('HMGET', key, 'generation', 'copy', 'edited_ms')
  if found[1] == generation and not found[2] and edit_time(found[3]) == seen_ms then
    if copy ~= '' or name == '' then redis.call('HSET', key, 'copy', copy) end
    redis.call('HSET', key, 'name', name)
    local pointer = line_prefix .. copy .. ':document'
    if copy ~= '' and not on_line('GET', pointer) then redis.call('SET', pointer, id) end
    if name ~= '' then
      local registered = redis.call('ZSCORE', documents_key, id) or now_ms()
      on_line('ZADD', line_prefix .. name .. ':documents', 'NX', registered, id)
    end
  end
end
