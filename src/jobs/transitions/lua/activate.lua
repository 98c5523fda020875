-- Notes that jobs are active, should another program have removed them from the set. One that has ended since it was
-- looked at stays out: nothing would ever take it out again but a repair.
-- KEYS: 1 active
-- ARGV: 1 key prefix of jobs, then ids
-- Publishes nothing.
for i = 2, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  if redis.call('TYPE', key).ok == 'hash' and not is_terminal(redis.call('HGET', key, 'status')) then
    redis.call('SADD', KEYS[1], ARGV[i])
  end
end
