-- KEYS: an answer, the lease of asking for it. ARGV: who asks, milliseconds.
-- The answer; else 1: you ask for it; 0: somebody does.
local kept = redis.call('GET', KEYS[1])
if kept then
  return kept
end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 1
end
return 0
