-- Reads an entry, and takes the lease of its load if there is none that would do.
-- KEYS: entry, lease
-- ARGV: schema, token, life of a lease in ms, the entry that will not do (its beginning, or empty), 1 to lead anyway,
--       channel and member for changes where there is no tracking
-- Returns one text, which is read much faster than a list: what to do, the time of the server, the ms that the lease has left,
-- and the entry: 'S<seconds>.<µs>;<ms>;<entry>'. What to do is S(erve), L(ead), or what the lease says: W(ait), F(ailed); in
-- small letters if there is no entry.
local now = redis.call('TIME')
local lead = ARGV[5] == '1'
local entry = redis.call('HGET', KEYS[1], ARGV[1])
local function answer(what, left)
  if not entry then
    what = string.lower(what)
  end
  return what .. now[1] .. '.' .. now[2] .. ';' .. left .. ';' .. (entry or '')
end
if entry and not lead then
  local stale = ARGV[4]
  if stale == '' or string.sub(entry, 1, #stale) ~= stale then
    return answer('S', 0)
  end
end
local lease = redis.call('GET', KEYS[2])
if not lease or lead then
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  return answer('L', 0)
end
local left = redis.call('PTTL', KEYS[2])
if lease == '!' then
  return answer('F', left)
end
return answer('W', left)
