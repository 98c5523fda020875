-- Counts a batch anew by the shares of its jobs, because another program may have spoilt the counts.
-- Returns nothing. Publishes nothing.
local keys = batch_keys(tenant, batch)
local sums = { queued = 0, processing = 0, retrying = 0, completed = 0, failed = 0, cancelled = 0, bytes = 0, bytes_done = 0 }
local shares = on_line('HGETALL', keys.states)
local count = 0
for place = 1, #shares, 2 do
  if parse_share(shares[place + 1]) then
    add_job_share(sums, shares[place + 1], 1)
    count = count + 1
  else
    redis.call('HDEL', keys.states, shares[place])
  end
end
if count == 0 then return delete_batch(keys) end
local found = on_line('HGETALL', keys.counts)
local kept = {}
for place = 1, #found, 2 do kept[found[place]] = found[place + 1] end
for field in pairs(kept) do
  if string.sub(field, 1, 8) == 'failure:' and not sums[field] then redis.call('HDEL', keys.counts, field) end
end
for field, sum in pairs(sums) do redis.call('HSET', keys.counts, field, string.format('%.0f', sum)) end
for _, field in ipairs({ 'created_ms', 'updated_ms' }) do
  if whole(kept[field]) == '0' then redis.call('HSET', keys.counts, field, now_text()) end
end
if sums.queued + sums.processing + sums.retrying == 0 then
  expire_batch(keys, kept.ttl, true)
else
  persist_batch(keys)
end
