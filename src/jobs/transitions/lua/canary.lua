-- Sends a canary to one node, over the path of job events. Its return proves that events arrive.
-- Returns the number of its listeners. Publishes [epoch or '', offset, nonce] on the channel. A connection gets messages
-- in order, so a node without gaps has already heard the event with that offset.
local count = tonumber(redis.call('GET', offset)) or 0
return redis.call('PUBLISH', channel, cjson.encode({ redis.call('GET', epoch) or '', count, nonce }))
