-- Stands before `transition.lua`. It keeps the set `jobs:changed`: job ids by the offset of their last event. By this set
-- any node tells a returning client what has changed since an offset.
-- Publishes nothing.
--
-- The empty id is the floor: the set has every event beyond that offset. A set without a floor has lost entries.
local MOST_CHANGED = 100000
-- Events between two looks at the size of the set. A look at each event would cost Redis three commands more.
local TRIM_EVERY = 1024
-- Values of one command. Lua passes some 8,000 at most.
local MOST_VALUES = 4000

-- Returns the text before the names of all keys.
local function prefix_of(offset_key)
  return string.sub(offset_key, 1, -1 - #'jobs:offset')
end

-- Returns the id of a job by its key.
local function id_of(key, offset_key)
  return string.sub(key, #prefix_of(offset_key) + #'job:' + 1)
end

-- Sets a missing floor, and removes the oldest entries beyond the limit. Ignores a key of another type, which `repair`
-- deletes.
-- last: the offset of the last event
local function trim_changed(changed_key, last)
  local floor = redis.pcall('ZSCORE', changed_key, '')
  if type(floor) == 'table' then return end
  if not floor then redis.call('ZADD', changed_key, last, '') end
  local beyond = redis.call('ZCARD', changed_key) - MOST_CHANGED
  if beyond <= 0 then return end
  local newest = redis.call('ZRANGE', changed_key, beyond - 1, beyond - 1, 'WITHSCORES')
  redis.call('ZREMRANGEBYRANK', changed_key, 0, beyond - 1)
  redis.call('ZADD', changed_key, newest[2], '')
end

-- Notes the events of one message. Ignores a key of another type, because the set only spares clients a full snapshot.
-- events: {offset, id, ...}, the last of a job counts
local function note_changed(offset_key, events)
  local changed_key = prefix_of(offset_key) .. 'jobs:changed'
  for from = 1, #events, MOST_VALUES do
    redis.pcall('ZADD', changed_key, unpack(events, from, math.min(#events, from + MOST_VALUES - 1)))
  end
  local first, last = events[1], events[#events - 1]
  if math.floor(last / TRIM_EVERY) > math.floor((first - 1) / TRIM_EVERY) then trim_changed(changed_key, last) end
end

-- Empties the set, because a new epoch begins at this offset.
local function begin_changed(offset_key, last)
  local changed_key = prefix_of(offset_key) .. 'jobs:changed'
  redis.call('DEL', changed_key)
  redis.call('ZADD', changed_key, last, '')
end
