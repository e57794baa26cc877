-- Has all stations wait, and tells how long they are to.
-- KEYS the pause; ARGV its length in milliseconds, of which the longest holds, or 0 to only ask; where there is no tracking
-- then the channel on which changes are published, and what comes before the name of the key.
local wait = tonumber(ARGV[1])
if wait > 0 and redis.call('PTTL', KEYS[1]) < wait then
  redis.call('SET', KEYS[1], '', 'PX', wait)
  if ARGV[2] then
    redis.call('PUBLISH', ARGV[2], ARGV[3] .. KEYS[1])
  end
end
return redis.call('PTTL', KEYS[1])
