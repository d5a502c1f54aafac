-- For wrk: asks the requests of a file in turn. Arguments: the file, "unique" to make each request
-- one that no cache has seen, and what no other run was given, so that none asks the same again.

local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  targets = {}
  for line in io.lines(args[1]) do
    targets[#targets + 1] = line
  end
  unique = args[2] == "unique"
  run = args[3]
  count = number * 7
end

function request()
  count = count + 1
  local target = targets[count % #targets + 1]
  if unique then
    target = target .. "%20%23" .. run .. "-" .. number .. "-" .. count
  end
  return wrk.format("GET", target)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("rate %.1f failed %d\n",
    summary.requests / (summary.duration / 1e6),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
