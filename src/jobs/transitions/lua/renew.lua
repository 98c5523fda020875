-- Renews the leases of all jobs that a worker holds.
-- KEYS: 1 leases
-- ARGV: 1 key prefix of jobs, 2 lease_ms, then id and token of each job
-- Returns the ids that the caller no longer holds. Publishes nothing.
local until_ms = now_ms() + tonumber(ARGV[2])
local lost = {}
for i = 3, #ARGV, 2 do
  -- Where another program has put something else than a hash, the answer is an error: it holds nothing.
  local status, holder = unpack(redis.pcall('HMGET', ARGV[1] .. ARGV[i], 'status', 'token'))
  if holds(status, holder, ARGV[i + 1]) then
    redis.call('ZADD', KEYS[1], until_ms, ARGV[i])
  else
    lost[#lost + 1] = ARGV[i]
  end
end
return lost
