-- Sends a canary to one node, over the way that job events take: what comes back proves that they would.
-- Returns how many heard it. Publishes [epoch or '', count, nonce] on the channel: since a connection gets
-- messages in their order, a node that has heard everything has heard the event with that offset.
local count = tonumber(redis.call('GET', offset)) or 0
return redis.call('PUBLISH', channel, cjson.encode({ redis.call('GET', epoch) or '', count, nonce }))
