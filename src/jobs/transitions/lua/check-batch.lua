-- Compares jobs of a batch with their shares in its counts, because another program or an older version may have changed a
-- job without counting it. A lost job that had not ended leaves the batch. One that had ended stays, because jobs expire.
-- Returns nothing. Publishes nothing.
local keys = batch_keys(tenant, batch)
for _, id in ipairs(ids) do
  local key = job_prefix .. id
  local job = redis.call('TYPE', key).ok == 'hash' and read(key)
  local share = on_line('HGET', keys.states, id)
  if job and job[AT.id] == id and job[AT.batch] == batch and (job[AT.tenant] or 'default') == tenant then
    count_in_batch(key, job)
  elseif not (share and HAS_ENDED[parse_share(share) or '']) then
    leave_batch(tenant, batch, id)
    share = nil
  end
  if share then on_line('ZADD', keys.jobs, 'NX', now_text(), id) end
end
