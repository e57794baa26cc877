-- Removes an entry, of all schemas, and the lease of a load that may have read before.
-- KEYS: entry, lease, count of failures
-- ARGV: channel, member
if redis.call('DEL', KEYS[1]) == 0 then
  -- Some may keep a value that was too large to stand here: a key that is written is told of.
  redis.call('HSET', KEYS[1], '-', '')
  redis.call('DEL', KEYS[1])
end
redis.call('DEL', KEYS[2], KEYS[3])
if ARGV[1] ~= '' then
  redis.call('PUBLISH', ARGV[1], ARGV[2] .. KEYS[1])
  redis.call('PUBLISH', ARGV[1], ARGV[2] .. KEYS[2])
end
return 1
