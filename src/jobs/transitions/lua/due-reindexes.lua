-- Lists the documents to index again now, up to a limit on jobs under way.
-- Returns ids of documents, the longest due first. Publishes nothing.
-- A document that is still incomplete after its job waits for wait_ms, and twice as long each further time.
local now, longest = now_ms(), tonumber(longest_wait_ms)
local under_way = 0
for _, id in ipairs(redis.call('SMEMBERS', reindexing)) do
  local document = redis.pcall('HMGET', document_prefix .. id, 'reindex_job', 'reindex_tries')
  local job = not document.err and document[1] and job_prefix .. document[1]
  if job and redis.call('TYPE', job).ok == 'hash' and not is_terminal(redis.call('HGET', job, 'status')) then
    under_way = under_way + 1
  else
    local tries = tonumber(document[2]) or 1
    -- A lost job says nothing about the document, so a new one may run at once.
    local wait = job and redis.call('EXISTS', job) == 1 and math.min(longest, wait_ms * 2 ^ (tries - 1)) or 0
    redis.call('SREM', reindexing, id)
    redis.call('ZADD', incomplete, 'XX', now + wait, id)
  end
end
local free = tonumber(limit) - under_way
if free <= 0 then return {} end
-- A due time beyond the longest wait was set before the clock went back.
local due = redis.call('ZRANGEBYSCORE', incomplete, '(' .. now + longest, '+inf', 'LIMIT', 0, free)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', incomplete, '-inf', now, 'LIMIT', 0, free - #due)) do due[#due + 1] = id end
return due
