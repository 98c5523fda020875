-- Names the caller's run as the collection's reembed job, because a rerun or a lost count leaves it unnamed. From then on,
-- `report.lua` refuses the documents of jobs that began before.
-- Returns 1, 0 when the caller no longer holds the job, or 2 while another job embeds the collection again. Publishes nothing.
local job = read(job_key)
if not holds(job[AT.status], job[AT.token], token) then return 0 end
local mark, is_active = reembed_of(counts_key, job_prefix)
local mine = id .. ':' .. run
if is_active and mark ~= mine and string.match(mark, '^(.*):%d+$') ~= id then return 2 end
if redis.call('TYPE', counts_key).ok ~= 'hash' then redis.call('DEL', counts_key) end
redis.call('HSET', counts_key, 'reembed', mine)
redis.call('SADD', reembedding, cjson.encode({ tenant, collection }))
return 1
