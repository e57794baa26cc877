-- Books calls in the log of a token, and says when they may be made.
--
-- KEYS  log: list, the times of the last calls, oldest first; some are still to come
--       meta: hash, of the log: epoch (drawn with each new one), born, now (when it was written last), until (no call in it
--         counts any longer), size (how many are kept)
--       pause: exists while the server wants no call
-- ARGV  limit, window: so many calls in any window
--       weight, most: how many calls belong together, and how many times they are booked at once at most; 0 books none
--       latest: the longest wait, or -1
--       epoch: of the log in which the station has booked before, or 0
--       booked: 1 if it has booked calls there that are no older than a window
--       drawn: the epoch of a new log
--       grace: how long a new log is given for all stations to say what they were granted; 0 if there is only one
--       ahead: how many times more it is booked for calls to come, if there is no wait and half of the limit is free behind it
--       then the ages of calls that were granted without the log; less than zero of those still to come
-- Times are microseconds. Returns code, wait, how many times it was booked, whether a pause is to blame, epoch. Codes:
--   0 refused: nothing is booked but what was granted without the log
--   1 booked
--   2 it is another log: nothing is done, and the station says what it was granted
--   3 the log is too young: as 0, and the station keeps to its share
local log, meta, pause = KEYS[1], KEYS[2], KEYS[3]
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local weight, most, latest = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local ahead = tonumber(ARGV[10])
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function text(time)
  return string.format('%.0f', time)
end
local function append(time)
  redis.call('RPUSH', log, text(time))
end
local function from_end(n)
  return tonumber(redis.call('LINDEX', log, -n) or nil)
end

local known = redis.call('HMGET', meta, 'epoch', 'born', 'now', 'until', 'size')
local epoch, born, before = known[1], tonumber(known[2] or now), tonumber(known[3] or now)
local over, size = tonumber(known[4] or 0), math.max(limit, tonumber(known[5] or 0))
local changed = false
-- A log without calls that count is one, too; one that lost such calls is not.
if not epoch or (now < over and redis.call('EXISTS', log) == 0) then
  redis.call('DEL', log)
  epoch, born, before, over, changed = ARGV[8], now, now, 0, true
end
if epoch ~= ARGV[6] and ARGV[7] == '1' then
  return { 2, 0, 0, 0, tonumber(epoch) }
end

-- The clock of this server was set back: the log goes with it.
if now < before - 1000000 then
  local back = before - now
  local times = redis.call('LRANGE', log, 0, -1)
  redis.call('DEL', log)
  for _, time in ipairs(times) do
    append(tonumber(time) - back)
  end
  born, over, changed = born - back, over - back, true
end

if #ARGV > 10 then
  local times = {}
  for i = 11, #ARGV do
    times[#times + 1] = now - tonumber(ARGV[i])
  end
  table.sort(times)
  local earliest = times[1]
  local last = from_end(1)
  while last and last > earliest do
    redis.call('RPOP', log)
    times[#times + 1] = last
    last = from_end(1)
  end
  table.sort(times)
  for _, time in ipairs(times) do
    append(time)
  end
  changed = true
end

local code, wait, count, paused = 0, 0, 0, 0
if most > 0 and now < born + tonumber(ARGV[9]) then
  code = 3
elseif most > 0 then
  local at = math.max(now, from_end(1) or now)
  local nth = from_end(limit - weight + 1)
  if nth then
    at = math.max(at, nth + window)
  end
  local left = redis.call('PTTL', pause) * 1000
  if left > 0 and now + left > at then
    at = now + left
    paused = 1
  end
  wait = at - now
  if latest < 0 or wait <= latest then
    code = 1
    -- Calls that are never made are taken from nobody where so much is free.
    local free = math.floor(limit / 2) - (most + ahead) * weight + 1
    if ahead > 0 and wait == 0 and free >= 1 then
      local time = from_end(free)
      if not time or time + window <= now then
        most = most + ahead
      end
    end
    repeat
      for _ = 1, weight do
        append(at)
      end
      count = count + 1
      nth = from_end(limit - weight + 1)
    until count == most or (nth and nth + window > at)
    changed = true
  end
end

if changed then
  redis.call('LTRIM', log, -size, -1)
  over = math.max(over, (from_end(1) or 0) + window)
  redis.call('HSET', meta, 'epoch', epoch, 'born', text(born), 'now', text(now), 'until', text(over), 'size', size)
  redis.call('PEXPIRE', log, math.max(1, math.ceil((over - now) / 1000)) + 1000)
  redis.call('PEXPIRE', meta, 7 * 86400000 + math.max(0, math.ceil((over - now) / 1000)))
end
return { code, wait, count, paused, tonumber(epoch) }
