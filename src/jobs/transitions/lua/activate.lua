-- Returns jobs to the set of active jobs, because another program may have removed them. An ended job stays out, because
-- only a repair would remove it again.
-- Publishes nothing.
for _, id in ipairs(ids) do
  local key = job_prefix .. id
  if redis.call('TYPE', key).ok == 'hash' and not is_terminal(redis.call('HGET', key, 'status')) then
    redis.call('SADD', active, id)
  end
end
