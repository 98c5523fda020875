-- Sends a canary to one node, over the way that job events take: what comes back proves that they would.
-- KEYS: 1 epoch, 2 offset
-- ARGV: 1 channel of the node, 2 nonce
-- Returns how many heard it. Publishes [epoch or '', offset, nonce] on the channel: since a connection gets
-- messages in their order, a node that has heard everything has heard the event with that offset.
local offset = tonumber(redis.call('GET', KEYS[2])) or 0
return redis.call('PUBLISH', ARGV[1], cjson.encode({ redis.call('GET', KEYS[1]) or '', offset, ARGV[2] }))
