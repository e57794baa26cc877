-- Reads an entry, and takes the lease of its load if there is none that would do.
-- KEYS: entry, lease
-- ARGV: schema, token, life of a lease in ms, the entry that will not do (its beginning, or empty), 1 to lead anyway,
--       channel and member for changes where there is no tracking
-- Returns the time of the server (s, µs), the entry or nil, and what to do: 'serve', 'lead', or what the lease says
-- ('wait', 'failed') with the ms it has left.
local now = redis.call('TIME')
local lead = ARGV[5] == '1'
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry and not lead then
  local stale = ARGV[4]
  if stale == '' or string.sub(entry, 1, #stale) ~= stale then
    return {now[1], now[2], entry, 'serve', 0}
  end
end
local lease = redis.call('GET', KEYS[2])
if not lease or lead then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  return {now[1], now[2], entry, 'lead', 0}
end
local left = redis.call('PTTL', KEYS[2])
if lease == '!' then
  return {now[1], now[2], entry, 'failed', left}
end
return {now[1], now[2], entry, 'wait', left}
