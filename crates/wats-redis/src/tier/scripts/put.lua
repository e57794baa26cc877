-- Writes an entry, if the lease of its load is still the caller's, and ends the lease.
-- KEYS: entry, lease, count of failures
-- ARGV: token, schema, entry, life in ms, channel, member
-- Returns whether it was written.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[2], KEYS[3])
-- Entries of other schemas stand beside it; those of programs that are gone must not stay for ever.
if redis.call('HLEN', KEYS[1]) > 4 then
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], ARGV[6] .. KEYS[1])
  redis.call('PUBLISH', ARGV[5], ARGV[6] .. KEYS[2])
end
return 1
