-- Notes that all entries with a tag are over that were loaded before now.
-- KEYS: times of tags, signal of the tag
-- ARGV: tag, channel, member, longest life of an entry in µs
-- Returns the time in µs. Times only grow, whatever the clock does.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if before > now then
  now = before
end
local text = string.format('%.0f', now)
redis.call('HSET', KEYS[1], ARGV[1], text)
-- That it was written is what is told: it need not stay, and its end would be told once more.
redis.call('SET', KEYS[2], '')
redis.call('DEL', KEYS[2])
local tags = redis.call('HLEN', KEYS[1])
if tags >= 10000 and tags % 500 == 0 then
  local all = redis.call('HGETALL', KEYS[1])
  for at = 1, #all, 2 do
    if tonumber(all[at + 1]) < now - tonumber(ARGV[4]) then
      redis.call('HDEL', KEYS[1], all[at])
    end
  end
end
if ARGV[2] ~= '' then
  redis.call('PUBLISH', ARGV[2], ARGV[3] .. KEYS[2])
end
return text
