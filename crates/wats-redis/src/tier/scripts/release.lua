-- Ends a lease without a value.
-- KEYS: lease
-- ARGV: token, channel, member
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], ARGV[3] .. KEYS[1])
end
return 1
