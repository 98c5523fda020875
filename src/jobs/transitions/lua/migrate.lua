-- Renames what an older version wrote: the keys of the epoch and the offset, and the field of active jobs that holds the
-- fence. That field's name was `epoch`. An ended job keeps the field, which no script reads.
-- Returns nothing. Publishes nothing.
-- The older keys go last, so the next call repeats a call that fails half-way. A replay finds no older key.
if redis.call('EXISTS', older_offset, older_epoch) == 0 then return end

-- Returns a key's text; nil for a missing one, or one of another type.
local function text_of(key)
  local text = redis.pcall('GET', key)
  return type(text) == 'string' and text or nil
end

local ids = redis.pcall('SMEMBERS', active)
for _, id in ipairs(ids) do
  local key = job_prefix .. id
  -- A key of another type gives an error, which has no first value.
  local fence = redis.pcall('HMGET', key, 'epoch')[1]
  if fence then
    redis.call('HSETNX', key, 'fence', fence)
    redis.call('HDEL', key, 'epoch')
  end
end

-- Lines of equal uploads are in the order of offsets. So the offset MUST NOT go back.
if redis.call('EXISTS', older_offset) == 1 then
  local count = math.max(tonumber(whole(text_of(offset))), tonumber(whole(text_of(older_offset))))
  redis.call('SET', offset, string.format('%.0f', count))
  redis.call('DEL', older_offset)
end

-- Two epochs show that nodes of both versions wrote. Neither counted all events. So another epoch begins, whose name comes
-- with the next event or opening.
local name = text_of(older_epoch)
if name and redis.call('EXISTS', epoch) == 0 then
  redis.call('SET', epoch, name)
  redis.call('DEL', older_epoch)
else
  redis.call('DEL', epoch, older_epoch)
end
