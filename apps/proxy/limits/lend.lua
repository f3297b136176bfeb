-- One call of one process for limits of one organization: all orders are granted, or none is.
-- What a process reports (used, held, given back) is booked either way.
--
-- KEYS    one account each; all carry the organization as their hash tag
-- ARGV[1] {now, seq, share, orders}; now in Unix ms, 0 for the server's own clock
-- Returns one {granted, available, level, is_unknown, fired...} for each order: level is thousandths
-- of a unit for a flow and what is spent for a pool; fired are positions in order.alerts.
--
-- flow   a token bucket {level, at}: `limit` at once, refilled over a minute
-- pool   {base, known, lift, h:HOLDER = "seq used held ends"}: base is what holders that are gone had
--        used; known the highest spend that anybody read elsewhere; lift what is added so that no
--        less is booked. Holders state absolute figures, so a call that is repeated, lost or late
--        does no harm.
local call = cjson.decode(ARGV[1])
local now = call.now
if now == 0 then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

local function open_flow(key, order)
  local state = redis.call('HMGET', key, 'level', 'at')
  local level, at = tonumber(state[1] or order.limit), tonumber(state[2] or now)
  level = math.min(order.limit, level + math.max(0, now - at) * order.limit / 60000)
  order.level = math.min(order.limit, level + order.back)
  order.available = math.floor(order.level + 0.000001)
end

local function close_flow(key, order)
  local level = string.format('%.17g', order.level - order.granted)
  redis.call('HSET', key, 'level', level, 'at', whole(now))
  redis.call('PEXPIRE', key, 120000)
  return {order.granted, order.available - order.granted, math.floor(order.level * 1000), 0}
end

-- A holder whose time is over is gone: what it used stays, what it held comes back.
local function count_holder(key, order, name, value)
  local seq, used, held, ends = string.match(value, '(%d+) (%d+) (%d+) (%d+)')
  if name == 'h:' .. order.holder then
    order.is_known, order.is_stale = true, tonumber(seq) >= call.seq
  elseif tonumber(ends) <= now then
    order.base = order.base + used
    redis.call('HDEL', key, name)
    redis.call('HSET', key, 'base', whole(order.base))
  else
    order.spent, order.held = order.spent + used, order.held + held
  end
end

-- The known spend is a floor. A new account begins with it, on top of what is open. Later it lifts
-- what is used and held; what is told late, after an outage, is in it already.
local function lift(order, is_new)
  order.known = math.max(order.known, order.floor)
  if is_new then order.lift = order.known end
  order.lift = math.max(0, order.lift - order.late)
  local booked = order.base + order.lift + order.spent + order.held + order.used + order.kept
  if not is_new then order.lift = order.lift + math.max(0, order.known - booked) end
end

local function open_pool(key, order)
  local fields = redis.call('HGETALL', key)
  local sums = redis.call('HMGET', key, 'base', 'known', 'lift')
  order.base, order.known, order.lift = (sums[1] or 0) + 0, (sums[2] or 0) + 0, (sums[3] or 0) + 0
  order.spent, order.held = 0, 0
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 2) == 'h:' then
      count_holder(key, order, fields[i], fields[i + 1])
    end
  end
  if not order.is_known then order.used, order.kept = order.new_used, order.new_kept end
  lift(order, #fields == 0)
  order.spent = order.base + order.lift + order.spent + order.used
  order.available = order.limit - order.spent - order.held - order.kept
end

-- Each alert of a window is told once, to whoever asks first after it was reached.
local function fired(key, order, answer)
  for position, alert in ipairs(order.alerts) do
    if order.spent >= alert[2] and redis.call('HSETNX', key, 'a:' .. alert[1], whole(now)) == 1 then
      table.insert(answer, position - 1)
    end
  end
  return answer
end

local function close_pool(key, order)
  local kept = order.kept + order.granted
  local state = {whole(call.seq), whole(order.used), whole(kept), whole(now + order.ttl)}
  redis.call('HSET', key, 'base', whole(order.base), 'h:' .. order.holder, table.concat(state, ' '))
  redis.call('HSET', key, 'known', whole(order.known), 'lift', whole(order.lift))
  redis.call('PEXPIRE', key, whole(order.keep))
  local answer = {order.granted, order.available - order.granted, order.spent}
  table.insert(answer, order.is_known and 0 or 1)
  return fired(key, order, answer)
end

local is_granted = true
for i, order in ipairs(call.orders) do
  if order.holder then open_pool(KEYS[i], order) else open_flow(KEYS[i], order) end
  if order.is_stale then return {} end
  if order.need > 0 and order.need > order.available then is_granted = false end
end

local answers = {}
for i, order in ipairs(call.orders) do
  -- Beyond the need only whole calls' worth: scraps in many processes would serve nobody.
  local extra = math.min(order.want, order.available * call.share) - order.need
  local calls = math.max(0, math.floor(extra / order.unit))
  order.granted = is_granted and order.need + calls * order.unit or 0
  answers[i] = order.holder and close_pool(KEYS[i], order) or close_flow(KEYS[i], order)
end
return answers
