-- variant_rules.lua - the cases that cannot hold under a variant, and why: for each
-- variant a list of { file =, name =, why =, luajit = }.  `name` is a pattern for the
-- case's whole name; without it none of the file's cases are run.  With `luajit` the
-- rule is LuaJIT's alone.  It is an error when a rule leaves nothing out.

-- What one system call moves is what a message, a count of calls, or a script in a
-- process of its own is about.
local all_again = { file = "poller", name = "^the specs of tasks pass over",
  why = "it runs specs again, over other pollers: those are variants themselves" }
local one_call = "it is about what one system call moves"
local many_calls = "it counts system calls, or bytes for each"
local late = "it bounds a time, and the collections take longer"
local script = "a script of its own takes what one system call gives"

return {
  signal = {
    { file = "global", name = "changes nothing global$",
      why = "the variant itself handles a signal" },
    { file = "copy", name = "sleeps while nobody takes what is there",
      why = "it counts waits, and a signal makes one more" },
    { file = "example", name = "^demo ",
      why = "the script reads a pipe with io.read, which a signal ends" },
    { file = "example", name = "^pass_descriptor gives",
      why = "the script reads a pipe with io.read, which a signal ends" },
    all_again,
  },
  onebyte = {
    { file = "cost", name = "^an echo that waits", why = many_calls },
    { file = "streamwrite", name = "keeps the order of write and the other sending calls",
      why = one_call },
    { file = "streamwrite", name = "gathers with \"full\" until flush", why = many_calls },
    { file = "streamwrite", name = "sends each write at once with \"no\"", why = many_calls },
    { file = "streamwrite", name = "with one system call", why = many_calls },
    { file = "streamwrite", name = "sends 64 KiB as soon as", why = many_calls },
    { file = "streamwrite", name = "gathered when the task ends", why = many_calls },
    { file = "streamwrite", name = "gathered also when a write after", why = one_call },
    { file = "message", name = "over .* carry as many buffers", why = one_call },
    { file = "message", name = "over .* gather several buffers", why = one_call },
    { file = "message", name = "over .* leave buffers that nothing came for", why = one_call },
    { file = "message", name = "over .* look without taking", why = one_call },
    { file = "message", name = "over .* take a plain string and a number", why = one_call },
    { file = "message", name = "counts what MSG_TRUNC drops", why = one_call },
    { file = "message", name = "returns what one system call took", why = one_call },
    { file = "message", name = "^the end of a stream over", why = one_call },
    { file = "many", name = "end the list before the stream's end", why = one_call },
    { file = "taskmessage", name = "gives first what was received before", why = one_call },
    { file = "taskmessage", name = "with all that", why = one_call },
    { file = "taskmessage", name = "recvfds in a task wait, and give", why = one_call },
    { file = "taskmessage", name = "sends after what was written before", why = one_call },
    { file = "taskmessage", name = "fails when the file is closed meanwhile", why = one_call },
    { file = "descriptor", name = "carry a socket over SOCK_STREAM", why = one_call },
    { file = "descriptor", name = "give no list but an empty one", why = one_call },
    { file = "descriptor", name = "leave the rest of the data", why = one_call },
    { file = "transfer", name = "no more than was asked for with MSG_TRUNC", why = one_call },
    { file = "transfer", name = "gives no address with recvfrom", why = one_call },
    { file = "fault", name = "^a short transfer", why = one_call },
    { file = "serve", name = "^server:close by a handler", why = "close sends the rest with one call" },
    { file = "hostile", name = "^a line without end",
      why = "the bulk comes in pieces, and the peer's is cut off in the middle" },
    { file = "signal", name = "^EINTR is not seen by who calls %l+m", why = one_call },
    { file = "signal", name = "^Ctrl%-C can be caught", why = script },
    { file = "blocking", name = "gets an answer", why = script },
    { file = "blocking", name = "with MSG_WAITALL waits for all of it", why = script },
    { file = "example", name = "^pass_descriptor gives", why = script },
    { file = "host", name = "functions for host programs", why = script },
    { file = "host", name = "not held up by a task", why = script },
    { file = "host", name = "when Lua closes the listener", why = script },
    { file = "readme", name = "runs the script in line", why = script },
    { file = "streamcollect", why = script },
    { file = "copy", name = "by splice$", why = many_calls },
    { file = "copy", name = "empties the pipe bit by bit", why = many_calls },
    { file = "copy", name = "takes little more than it can pass on", why = many_calls },
    { file = "copy", name = "where splice fails", why = "it fails a call that is made later here" },
    { file = "copy", name = "when its task is cancelled", why = "it waits for queues to be full" },
    { file = "copy", name = "takes nothing but a pipe for all", why = many_calls },
    { file = "copy", name = "lets nobody else send in the middle",
      why = "it waits for queues to be full" },
    { file = "nested", name = "^a finalizer may read and write", luajit = true,
      why = "the loop cannot run under LuaJIT's finalizers, so the rest is not sent" },
    all_again,
  },
  descriptors = { all_again }, collect = {
    all_again,
    { file = "alarm", why = late },
    { file = "waiting", name = "^a task that never has to wait lets", why = late },
    { file = "waiting", name = "^time takes sleeps back", why = late },
    { file = "lookup", name = "^a look%-up that nobody waits for any more", why = late },
    { file = "lookup", name = "lets the other tasks go on", why = late },
    { file = "scope", name = "deeper than C can call", why = late },
    { file = "host", name = "^a Lua state that is closed while its tasks wait",
      why = "it is all finalizers, and while one runs no Lua collects by itself" },
  },
  epoll = { all_again }, kqueue = { all_again }, poll = { all_again },
}
