-- Makes a job that indexes a document again, and queues it behind all others, unless one is under way.
-- KEYS: 1 document, 2 job, 3 queue, 4 active, 5 offset, 6 epoch, 7 recent, 8 incomplete, 9 reindexing
-- ARGV: 1 id of the job, 2 id of the document, 3 its generation, 4 tenant, 5 payload (JSON), 6 max_retries, 7 filename,
--       8 collection, 9 key prefix of jobs, 10 longest_wait_ms
-- Returns {id, created_at, status} of the new job or the one under way; nil when the document has another generation,
-- or is gone. A replay gets the job that it made.
-- Publishes the job, queued.
local function look(id)
  if not id or redis.call('TYPE', ARGV[9] .. id).ok ~= 'hash' then return nil end
  local created_at, status = unpack(redis.call('HMGET', ARGV[9] .. id, 'created_at', 'status'))
  return { id, created_at or stamp(), status or 'queued' }
end

local made = look(ARGV[1])
if made then return made end
local document = redis.pcall('HMGET', KEYS[1], 'generation', 'reindex_job', 'reindex_tries')
if document.err or document[1] ~= ARGV[3] then return nil end
-- The job of the document's own upload also makes all chunks. It runs once more after Redis lost its end.
for _, id in ipairs({ document[2] or '', ARGV[2] }) do
  local found = look(id)
  if found and not is_terminal(found[3]) then return found end
end

redis.call('HSET', KEYS[1], 'reindex_job', ARGV[1], 'reindex_tries', count_up(document[3]))
redis.call('HDEL', KEYS[1], 'file_gone')
redis.call('SADD', KEYS[9], ARGV[2])
-- Waits beyond the job's end, which the listing of due documents notices.
redis.call('ZADD', KEYS[8], 'XX', now_ms() + tonumber(ARGV[10]), ARGV[2])
redis.call('LPUSH', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('ZADD', KEYS[7], now_ms(), ARGV[1])
commit(KEYS[2], KEYS[5], KEYS[6], read(KEYS[2]), {
  'id', ARGV[1], 'type', 'document_upload', 'status', 'queued', 'progress', '0',
  'message', 'Waiting for worker...', 'payload', ARGV[5], 'filename', ARGV[7], 'collection', ARGV[8], 'tenant', ARGV[4], 'run', '1',
  'max_retries', ARGV[6], 'created_at', stamp(), 'queued_ms', now_ms(),
})
return { ARGV[1], stamp(), 'queued' }
