-- Stands before every script, after batch.lua. Estimates the time that a job will take, from what completed runs cost.
--
-- jobs:costs   string: the time that a byte of a file takes, and that a run takes (ms). Then sums over completed runs:
--              their number, the bytes of their files, the time to parse and chunk, their chunks, the time to embed them,
--              and to store the rest. With spaces between
--
-- Each completed run first shrinks the sums by DECAY. So about the last 20 runs count, and large ones count by their size.
local DECAY = 0.95
local SUMS = 6

-- Returns what completed runs cost, as text; false before the first run, and for a key that another program spoilt.
local function read_costs(costs_key)
  local text = redis.pcall('GET', costs_key)
  return type(text) == 'string' and text
end

-- Adds what completed runs cost.
-- samples: for each run its bytes, the time to parse and chunk, its chunks, the time to embed and to store the rest
local function learn_costs(costs_key, samples)
  local sums = {}
  for sum in string.gmatch(read_costs(costs_key) or '', '%S+') do sums[#sums + 1] = tonumber(sum) or 0 / 0 end
  table.remove(sums, 1)
  table.remove(sums, 1)
  local is_whole = #sums == SUMS
  for _, sum in ipairs(sums) do is_whole = is_whole and sum >= 0 and sum < 2 ^ 53 end
  if not is_whole then sums = { 0, 0, 0, 0, 0, 0 } end
  for _, sample in ipairs(samples) do
    local place = 1
    sums[place] = sums[place] * DECAY + 1
    for amount in string.gmatch(sample, '%S+') do
      place = place + 1
      sums[place] = sums[place] * DECAY + tonumber(amount)
    end
  end
  local ms = sums[3] + sums[5] + sums[6]
  redis.call('SET', costs_key, string.format('%.6g %.6g %.6g %.6g %.6g %.6g %.6g %.6g', ms / math.max(1, sums[2]),
    ms / sums[1], unpack(sums)))
end

-- Returns the time in ms as text that a job will take; '' while it is unknown.
-- costs: as `read_costs` returns them; payload: the job's, as JSON
-- before (optional): number of jobs that run before it; at_once: number of jobs that run at once
local function time_left(costs, payload, before, at_once)
  if not costs or not payload then return '' end
  local size = string.match(payload, '"file_size":(%d+)')
  local of_byte, of_run = string.match(costs, '^(%S+) (%S+)')
  local ms = (tonumber(size) or 0 / 0) * (tonumber(of_byte) or 0 / 0)
  if before and before > 0 then ms = ms + before * (tonumber(of_run) or 0 / 0) / math.max(1, at_once) end
  return ms < 2 ^ 53 and string.format('%.0f', ms) or ''
end
