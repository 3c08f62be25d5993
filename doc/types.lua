-- Documentation comments for what no function of the sources stands for.

--- A socket of the system's.
--
-- `net.socket`, `net.socketpair`, `net.fromfd`, `accept`, and all that stands on them
-- make it. A call that fails gives `nil`, a message and a code. One that would have to
-- wait does so, for at most the time that `settimeout` has set. A closed socket
-- answers every call with the code `"closed"`. `tostring` says what it is and
-- where it is connected to. On Lua 5.4 a socket may be a to-be-closed variable
-- (`local s <close> = ...`); one that nothing refers to any more is closed by the
-- garbage collector.
-- @type socket

--- A task: what `net.spawn` makes, a function that runs beside the others.
--
-- It ends when its function returns or raises, or when it is cancelled. Nobody
-- has to keep it: tasks that wait are kept by the loop. `tostring` says where
-- its function stands, what it is at, and what it waits for.
-- @type task

--- A scope: what `net.scope` calls its function with. The tasks that are started
-- in it end with it: the first failure cancels the others.
-- @type scope

--- A queue, which `net.queue` makes: tasks put values in and take them out, and
-- wait while there is no room, or no value. `#queue` is how many there are.
-- @type queue

--- A server, which `net.serve` makes. `tostring` says where it listens, and how
-- many connections it has.
-- @type server
-- @tfield address address where it listens
-- @tfield socket listener the listening socket
