-- Makes an entry ready, if the lease of its load is still the caller's, and ends the lease. The caller's RENAME, in the same
-- transaction, puts it in place: the server tells a caller of what its scripts write, and not of what its commands write.
-- KEYS: entry, lease, count of failures, the place for the entry until it is renamed
-- ARGV: token, schema, entry, life in ms, channel, member
-- Returns whether there is an entry to be renamed.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then
  return 0
end
local life = tonumber(ARGV[4])
-- Entries of other schemas stand beside it; those of programs that are gone must not stay for ever.
local others = redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], ARGV[2])
if others > 0 and others < 4 then
  redis.call('COPY', KEYS[1], KEYS[4], 'REPLACE')
  life = math.max(life, redis.call('PTTL', KEYS[1]))
end
redis.call('HSET', KEYS[4], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[4], life)
redis.call('DEL', KEYS[2], KEYS[3])
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], ARGV[6] .. KEYS[1])
  redis.call('PUBLISH', ARGV[5], ARGV[6] .. KEYS[2])
end
return 1
