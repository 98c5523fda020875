-- Reports how far a job has come. Within an attempt progress never goes back.
-- KEYS: 1 job, 2 sequence, 3 history
-- ARGV: 1 token, 2 progress, 3 message, 4 stage, then counts as name, value, ...
-- Returns 1, or 0 when the caller no longer holds the job. A report that changes nothing writes nothing (a replay).
-- Publishes the job.
if not holds(KEYS[1], ARGV[1]) then return 0 end
local before = redis.call('HMGET', KEYS[1], 'progress', 'message', 'stage')
local fields = { 'progress', ARGV[2], 'message', ARGV[3], 'stage', ARGV[4] }
if tonumber(before[1]) and tonumber(before[1]) > tonumber(ARGV[2]) then fields[2] = before[1] end
local changed = before[1] ~= fields[2] or before[2] ~= ARGV[3] or before[3] ~= ARGV[4]
for i = 5, #ARGV, 2 do
  fields[#fields + 1] = ARGV[i]
  fields[#fields + 1] = ARGV[i + 1]
  changed = changed or redis.call('HGET', KEYS[1], ARGV[i]) ~= ARGV[i + 1]
end
if changed then commit(KEYS[1], KEYS[2], KEYS[3], fields) end
return 1
