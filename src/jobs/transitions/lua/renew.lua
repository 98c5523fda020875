-- Renews the leases of all jobs that a worker holds.
-- Returns the ids that the caller no longer holds. Publishes nothing.
local until_ms = now_ms() + tonumber(lease_ms)
local lost = {}
for i = 1, #claims, 2 do
  -- A value of another type gives an error, and holds nothing.
  local status, holder = unpack(redis.pcall('HMGET', job_prefix .. claims[i], 'status', 'token'))
  if holds(status, holder, claims[i + 1]) then
    redis.call('ZADD', leases, until_ms, claims[i])
  else
    lost[#lost + 1] = claims[i]
  end
end
return lost
