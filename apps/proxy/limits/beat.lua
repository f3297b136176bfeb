-- One process says that it lives. KEYS[1] sorted set of processes by the ms of their last beat;
-- ARGV[1] the process, ARGV[2] ms after which a silent one counts as gone. Returns how many live.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
return redis.call('ZCARD', KEYS[1])
