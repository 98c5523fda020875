-- Lanes: the waiting jobs of one collection of a tenant each, so that collections take turns. Stands before every script. A
-- lane is a list beside the documented one. The documented list holds every waiting id. It is also a lane of its own, for
-- bulk jobs and for the jobs of other programs. The sorted set of lanes holds each lane's name by the time of its last
-- turn, in offsets. The documented list's name is ''.

local function lane_of(job)
  return (job[AT.tenant] or '') .. ':' .. (job[AT.collection] or '')
end

-- Queues a job behind all others, and in its lane if it is interactive. Returns the number of jobs ahead of it in its lane.
-- at: the keys queue, lanes and offset, and lane_prefix, by name
local function queue_last(at, id, job, priority)
  local length = redis.call('LPUSH', at.queue, id)
  if priority ~= 'interactive' then return length - 1 end
  local lane = lane_of(job)
  -- Ignores an error of a key that another program spoilt, because the documented list has the id, too.
  local in_lane = redis.pcall('LPUSH', at.lane_prefix .. lane, id)
  redis.pcall('ZADD', at.lanes, 'NX', redis.call('GET', at.offset) or 0, lane)
  return (type(in_lane) == 'number' and in_lane or length) - 1
end

-- Returns the number of jobs that are in a lane.
local function count_ahead(at, lane, priority)
  local count = redis.pcall('LLEN', priority == 'interactive' and at.lane_prefix .. lane or at.queue)
  return type(count) == 'number' and count or 0
end

-- Returns the field of a job that waits for a worker.
local function waits_for_worker(ahead)
  return 'worker ' .. string.format('%.0f', ahead)
end

-- Queues a job before all others, and in its lane, because a worker has had it before.
-- at, priority: as for `queue_last`
local function queue_first(at, id, job, priority)
  redis.call('RPUSH', at.queue, id)
  if priority ~= 'interactive' then return end
  redis.pcall('RPUSH', at.lane_prefix .. lane_of(job), id)
  redis.pcall('ZADD', at.lanes, 'NX', redis.call('GET', at.offset) or 0, lane_of(job))
end

-- Moves turns beyond the present offset back to it. The offset has begun anew since, or another program wrote the turn.
-- Such a lane would wait until the offset has grown as far.
local function limit_turns(at, offset)
  local latest = string.format('%.0f', offset)
  for _, lane in ipairs(redis.call('ZRANGEBYSCORE', at.lanes, '(' .. latest, '+inf', 'LIMIT', 0, 1000)) do
    redis.call('ZADD', at.lanes, latest, lane)
  end
end

-- Takes the next id of the lane whose last turn is the longest ago. Returns the id and the lane's name; nil without any.
-- turn: a number that grows with each call
local function take_next(at, turn)
  while true do
    local lane = redis.call('ZPOPMIN', at.lanes)[1]
    if not lane then return nil end
    local list = lane == '' and at.queue or at.lane_prefix .. lane
    local id = redis.pcall('RPOP', list)
    if type(id) == 'string' then
      redis.call('ZADD', at.lanes, turn, lane)
      return id, lane
    end
    -- Another program has put another type in the place of the list.
    if type(id) == 'table' then redis.call('DEL', list) end
  end
end

-- Removes a job from its lane. In most cases it stands first there.
local function leave_lane(lane_prefix, id, job)
  redis.pcall('LREM', lane_prefix .. lane_of(job), -1, id)
end

-- Forgets the lanes once no job waits. A lane holds ids even then if another program took them from the documented list
-- alone. A call deletes 1,000 lanes at most, because more would block Redis for long.
local function close_lanes(at)
  if redis.call('EXISTS', at.queue) == 1 then return end
  -- A set of another type gives an error, which names no lane. A repair removes it.
  local popped = redis.pcall('ZPOPMIN', at.lanes, 1000)
  for place = 1, #popped, 2 do redis.call('DEL', at.lane_prefix .. popped[place]) end
end

-- Removes a job that waits from both of its lists.
local function leave_queue(at, id, job)
  redis.call('LREM', at.queue, 0, id)
  leave_lane(at.lane_prefix, id, job)
  close_lanes(at)
end
