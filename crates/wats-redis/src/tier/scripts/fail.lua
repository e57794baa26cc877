-- Ends a lease by a failure, which holds further loads back for a while: longer each time.
-- KEYS: lease, count of failures
-- ARGV: token, first time in ms, longest time in ms, channel, member
-- Returns the time in ms.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local failures = redis.call('INCR', KEYS[2])
local pause = math.min(tonumber(ARGV[2]) * 2 ^ math.min(failures - 1, 20), tonumber(ARGV[3]))
redis.call('PEXPIRE', KEYS[2], pause * 2 + 10000)
redis.call('SET', KEYS[1], '!', 'PX', pause)
if ARGV[4] ~= '' then
  redis.call('PUBLISH', ARGV[4], ARGV[5] .. KEYS[1])
end
return pause
