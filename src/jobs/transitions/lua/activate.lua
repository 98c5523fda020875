-- Notes that jobs are active, should another program have removed them from the set. One that has ended since it was
-- looked at stays out: nothing would ever take it out again but a repair.
-- Publishes nothing.
for _, id in ipairs(ids) do
  local key = job_prefix .. id
  if redis.call('TYPE', key).ok == 'hash' and not is_terminal(redis.call('HGET', key, 'status')) then
    redis.call('SADD', active, id)
  end
end
