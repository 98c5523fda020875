-- Completes a job: registers its document with the caller's token as live generation, and settles the job.
-- KEYS: 1 job, 2 leases, 3 active, 4 cleanup, 5 sequence, 6 history, 7 document, 8 documents, 9 documents of the collection,
--       10 outcomes, 11 durations
-- ARGV: 1 id, 2 token, 3 document id, 4 collection, 5 chunk_count, 6 ttl_seconds, then the document's fields as name, value, ...
-- Returns 1, or 0 when the caller no longer holds the job; a replay returns 1.
-- Publishes the job, completed. The generation that was live before is marked for cleanup.
local held = redis.call('HMGET', KEYS[1], 'status', 'token', 'started_ms')
if held[1] == 'completed' and held[2] == ARGV[2] then return 1 end
if not holds(KEYS[1], ARGV[2]) then return 0 end

local now = now_ms()
local stamp = rfc3339(now)
local replaced = redis.call('HMGET', KEYS[7], 'generation', 'tenant', 'collection')
if replaced[1] and replaced[1] ~= ARGV[2] then
  bury_chunks(KEYS[4], replaced[2] or 'default', replaced[3] or ARGV[4], ARGV[3], replaced[1], now)
end
redis.call('HSETNX', KEYS[7], 'created_at', stamp)
redis.call('HSET', KEYS[7], 'updated_at', stamp, 'generation', ARGV[2], 'chunk_count', ARGV[5], unpack(ARGV, 7))
redis.call('ZADD', KEYS[8], 'NX', now, ARGV[3])
redis.call('ZADD', KEYS[9], 'NX', now, ARGV[3])

local took = math.max(0, now - (tonumber(held[3]) or now))
redis.call('HINCRBY', KEYS[10], 'completed', 1)
redis.call('LPUSH', KEYS[11], took)
redis.call('LTRIM', KEYS[11], 0, 999)

settle(KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[6])
commit(KEYS[1], KEYS[5], KEYS[6], {
  'status', 'completed', 'progress', '100', 'message', 'Upload completed successfully', 'completed_at', stamp,
  'result', cjson.encode({
    document_id = ARGV[3], chunk_count = tonumber(ARGV[5]), collection = ARGV[4],
    processing_time_ms = took,
  }),
}, { 'error', 'error_code' })
return 1
