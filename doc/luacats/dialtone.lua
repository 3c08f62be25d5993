---@meta dialtone

-- Made by doc/build from the comments in the sources: change those.
-- luacheck: ignore

--- The options known by name; see options.md.
---@alias dialtone.Option
---| "SO_ACCEPTCONN"
---| "SO_ATTACH_BPF"
---| "SO_ATTACH_FILTER"
---| "SO_ATTACH_REUSEPORT_CBPF"
---| "SO_ATTACH_REUSEPORT_EBPF"
---| "SO_BINDTODEVICE"
---| "SO_BINDTOIFINDEX"
---| "SO_BPF_EXTENSIONS"
---| "SO_BROADCAST"
---| "SO_BSDCOMPAT"
---| "SO_BUF_LOCK"
---| "SO_BUSY_POLL"
---| "SO_BUSY_POLL_BUDGET"
---| "SO_CNX_ADVICE"
---| "SO_COOKIE"
---| "SO_DEBUG"
---| "SO_DETACH_BPF"
---| "SO_DETACH_FILTER"
---| "SO_DETACH_REUSEPORT_BPF"
---| "SO_DOMAIN"
---| "SO_DONTROUTE"
---| "SO_ERROR"
---| "SO_GET_FILTER"
---| "SO_INCOMING_CPU"
---| "SO_INCOMING_NAPI_ID"
---| "SO_INQ"
---| "SO_KEEPALIVE"
---| "SO_LINGER"
---| "SO_LOCK_FILTER"
---| "SO_MARK"
---| "SO_MAX_PACING_RATE"
---| "SO_MEMINFO"
---| "SO_NETNS_COOKIE"
---| "SO_NOFCS"
---| "SO_NOSIGPIPE"
---| "SO_NO_CHECK"
---| "SO_NREAD"
---| "SO_NWRITE"
---| "SO_OOBINLINE"
---| "SO_PASSCRED"
---| "SO_PASSPIDFD"
---| "SO_PASSRIGHTS"
---| "SO_PASSSEC"
---| "SO_PEEK_OFF"
---| "SO_PEERCRED"
---| "SO_PEERGROUPS"
---| "SO_PEERSEC"
---| "SO_PREFER_BUSY_POLL"
---| "SO_PRIORITY"
---| "SO_PROTOCOL"
---| "SO_RCVBUF"
---| "SO_RCVBUFFORCE"
---| "SO_RCVLOWAT"
---| "SO_RCVMARK"
---| "SO_RCVPRIORITY"
---| "SO_RCVTIMEO"
---| "SO_RESERVE_MEM"
---| "SO_REUSEADDR"
---| "SO_REUSEPORT"
---| "SO_REUSEPORT_LB"
---| "SO_RXQ_OVFL"
---| "SO_SELECT_ERR_QUEUE"
---| "SO_SNDBUF"
---| "SO_SNDBUFFORCE"
---| "SO_SNDLOWAT"
---| "SO_SNDTIMEO"
---| "SO_TIMESTAMP"
---| "SO_TIMESTAMPING"
---| "SO_TIMESTAMPNS"
---| "SO_TXREHASH"
---| "SO_TXTIME"
---| "SO_TYPE"
---| "SO_USELOOPBACK"
---| "SO_WIFI_STATUS"
---| "SO_ZEROCOPY"
---| "IP_ADD_MEMBERSHIP"
---| "IP_ADD_SOURCE_MEMBERSHIP"
---| "IP_BIND_ADDRESS_NO_PORT"
---| "IP_BLOCK_SOURCE"
---| "IP_CHECKSUM"
---| "IP_DONTFRAG"
---| "IP_DROP_MEMBERSHIP"
---| "IP_DROP_SOURCE_MEMBERSHIP"
---| "IP_FREEBIND"
---| "IP_HDRINCL"
---| "IP_LOCAL_PORT_RANGE"
---| "IP_MINTTL"
---| "IP_MTU"
---| "IP_MTU_DISCOVER"
---| "IP_MULTICAST_ALL"
---| "IP_MULTICAST_IF"
---| "IP_MULTICAST_LOOP"
---| "IP_MULTICAST_TTL"
---| "IP_NODEFRAG"
---| "IP_OPTIONS"
---| "IP_PASSSEC"
---| "IP_PKTINFO"
---| "IP_PORTRANGE"
---| "IP_RECVDSTADDR"
---| "IP_RECVERR"
---| "IP_RECVERR_RFC4884"
---| "IP_RECVFRAGSIZE"
---| "IP_RECVIF"
---| "IP_RECVOPTS"
---| "IP_RECVORIGDSTADDR"
---| "IP_RECVTOS"
---| "IP_RECVTTL"
---| "IP_RETOPTS"
---| "IP_ROUTER_ALERT"
---| "IP_TOS"
---| "IP_TRANSPARENT"
---| "IP_TTL"
---| "IP_UNBLOCK_SOURCE"
---| "IP_UNICAST_IF"
---| "MCAST_BLOCK_SOURCE"
---| "MCAST_JOIN_GROUP"
---| "MCAST_JOIN_SOURCE_GROUP"
---| "MCAST_LEAVE_GROUP"
---| "MCAST_LEAVE_SOURCE_GROUP"
---| "MCAST_UNBLOCK_SOURCE"
---| "SO_ORIGINAL_DST"
---| "IPV6_ADDRFORM"
---| "IPV6_ADDR_PREFERENCES"
---| "IPV6_ADD_MEMBERSHIP"
---| "IPV6_AUTOFLOWLABEL"
---| "IPV6_CHECKSUM"
---| "IPV6_DONTFRAG"
---| "IPV6_DROP_MEMBERSHIP"
---| "IPV6_DSTOPTS"
---| "IPV6_FLOWINFO"
---| "IPV6_FLOWINFO_SEND"
---| "IPV6_FREEBIND"
---| "IPV6_HDRINCL"
---| "IPV6_HOPOPTS"
---| "IPV6_JOIN_ANYCAST"
---| "IPV6_JOIN_GROUP"
---| "IPV6_LEAVE_ANYCAST"
---| "IPV6_LEAVE_GROUP"
---| "IPV6_MINHOPCOUNT"
---| "IPV6_MTU"
---| "IPV6_MTU_DISCOVER"
---| "IPV6_MULTICAST_ALL"
---| "IPV6_MULTICAST_HOPS"
---| "IPV6_MULTICAST_IF"
---| "IPV6_MULTICAST_LOOP"
---| "IPV6_RECVDSTOPTS"
---| "IPV6_RECVERR"
---| "IPV6_RECVERR_RFC4884"
---| "IPV6_RECVFRAGSIZE"
---| "IPV6_RECVHOPLIMIT"
---| "IPV6_RECVHOPOPTS"
---| "IPV6_RECVORIGDSTADDR"
---| "IPV6_RECVPATHMTU"
---| "IPV6_RECVPKTINFO"
---| "IPV6_RECVRTHDR"
---| "IPV6_RECVTCLASS"
---| "IPV6_ROUTER_ALERT"
---| "IPV6_ROUTER_ALERT_ISOLATE"
---| "IPV6_RTHDR"
---| "IPV6_RTHDRDSTOPTS"
---| "IPV6_TCLASS"
---| "IPV6_TRANSPARENT"
---| "IPV6_UNICAST_HOPS"
---| "IPV6_UNICAST_IF"
---| "IPV6_USE_MIN_MTU"
---| "IPV6_V6ONLY"
---| "ICMP6_FILTER"
---| "IP6T_SO_ORIGINAL_DST"
---| "TCP_CC_INFO"
---| "TCP_CONGESTION"
---| "TCP_CORK"
---| "TCP_DEFER_ACCEPT"
---| "TCP_DELACK_MAX_US"
---| "TCP_FASTOPEN"
---| "TCP_FASTOPEN_CONNECT"
---| "TCP_FASTOPEN_KEY"
---| "TCP_FASTOPEN_NO_COOKIE"
---| "TCP_INFO"
---| "TCP_INQ"
---| "TCP_IS_MPTCP"
---| "TCP_KEEPALIVE"
---| "TCP_KEEPCNT"
---| "TCP_KEEPIDLE"
---| "TCP_KEEPINTVL"
---| "TCP_LINGER2"
---| "TCP_MAXSEG"
---| "TCP_MD5SIG"
---| "TCP_MD5SIG_EXT"
---| "TCP_NODELAY"
---| "TCP_NOOPT"
---| "TCP_NOPUSH"
---| "TCP_NOTSENT_LOWAT"
---| "TCP_QUEUE_SEQ"
---| "TCP_QUICKACK"
---| "TCP_REPAIR"
---| "TCP_REPAIR_OPTIONS"
---| "TCP_REPAIR_QUEUE"
---| "TCP_RTO_MAX_MS"
---| "TCP_RTO_MIN_US"
---| "TCP_SAVED_SYN"
---| "TCP_SAVE_SYN"
---| "TCP_SYNCNT"
---| "TCP_THIN_DUPACK"
---| "TCP_THIN_LINEAR_TIMEOUTS"
---| "TCP_TIMESTAMP"
---| "TCP_TX_DELAY"
---| "TCP_ULP"
---| "TCP_USER_TIMEOUT"
---| "TCP_WINDOW_CLAMP"
---| "UDP_CORK"
---| "UDP_ENCAP"
---| "UDP_GRO"
---| "UDP_NO_CHECK6_RX"
---| "UDP_NO_CHECK6_TX"
---| "UDP_SEGMENT"
---| "ICMP_FILTER"
---| "PACKET_ADD_MEMBERSHIP"
---| "PACKET_AUXDATA"
---| "PACKET_COPY_THRESH"
---| "PACKET_DROP_MEMBERSHIP"
---| "PACKET_FANOUT"
---| "PACKET_IGNORE_OUTGOING"
---| "PACKET_LOSS"
---| "PACKET_ORIGDEV"
---| "PACKET_QDISC_BYPASS"
---| "PACKET_RESERVE"
---| "PACKET_STATISTICS"
---| "PACKET_TIMESTAMP"
---| "PACKET_TX_HAS_OFF"
---| "PACKET_VERSION"
---| "PACKET_VNET_HDR"
---| "NETLINK_ADD_MEMBERSHIP"
---| "NETLINK_BROADCAST_ERROR"
---| "NETLINK_CAP_ACK"
---| "NETLINK_DROP_MEMBERSHIP"
---| "NETLINK_EXT_ACK"
---| "NETLINK_GET_STRICT_CHK"
---| "NETLINK_LISTEN_ALL_NSID"
---| "NETLINK_LIST_MEMBERSHIPS"
---| "NETLINK_NO_ENOBUFS"
---| "NETLINK_PKTINFO"
---| "SO_VM_SOCKETS_BUFFER_MAX_SIZE"
---| "SO_VM_SOCKETS_BUFFER_MIN_SIZE"
---| "SO_VM_SOCKETS_BUFFER_SIZE"
---| "SO_VM_SOCKETS_CONNECT_TIMEOUT"

--- A socket address: a value that does not change.
---
--- `==` compares two of them by value, `..` joins one with texts, and `tostring`
--- gives the text that `address` and every call that wants an address take:
--- `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `unix:/run/x`,
--- `unix:@abstract`, `unix:` (a unix socket without a name),
--- `packet:eth0/ETH_P_IP`, `netlink:0/1`, `vsock:2:1024`. As a key of a table use
--- the text: two equal values may be two keys.
---
--- IPv4 addresses that come mapped into IPv6 are plain IPv4 here. The fields that
--- an address's family does not have are nil.
---@class dialtone.Address: userdata
---@field family string `"AF_INET"`, `"AF_INET6"`, `"AF_UNIX"`, `"AF_PACKET"`, `"AF_NETLINK"`, `"AF_VSOCK"`, `"AF_UNSPEC"`; a number where there is no name
---@field host string IPv4 and IPv6: the host as a literal, an IPv6 one with its scope (`fe80::1%eth0`) if there is one
---@field port integer IPv4, IPv6 and AF_VSOCK
---@field scope integer IPv6: the scope's number, 0 for none
---@field flowinfo integer IPv6: traffic class and flow label, as ipv6(7) has it
---@field path string AF_UNIX: the path; an abstract name begins with `@`, a path that begins with `@` with `./@`; empty for none
---@field interface string AF_PACKET: the name of the interface; nil when it is gone
---@field ifindex integer AF_PACKET: its number, 0 for any
---@field protocol string|integer AF_PACKET: `"ETH_P_IP"`, a number where there is no name
---@field hatype integer AF_PACKET: the ARP hardware type
---@field pkttype integer AF_PACKET: for whom a received packet was: packet(7)
---@field hwaddr string AF_PACKET: `aa:bb:cc:dd:ee:ff`; nil when there is none
---@field pid integer AF_NETLINK: the port, often a process; 0 is the kernel
---@field groups integer AF_NETLINK: the multicast groups as a mask
---@field cid integer AF_VSOCK: the machine
local address = {}

--- A queue, which `net.queue` makes: tasks put values in and take them out, and
--- wait while there is no room, or no value. `#queue` is how many there are.
---@class dialtone.Queue: userdata
local queue = {}

--- Closes the queue: nothing more can be put, and what is in it can still be taken.
--- Whoever waits wakes up.
---
--- ```lua
--- queue:close()
--- ```
---@return true
function queue:close() end

--- How many values are in the queue; `#queue` is the same.
---
--- ```lua
--- print(queue:count())
--- ```
---@return integer count
function queue:count() end

--- Takes the first value; waits while there is none. Values that were put before
--- the queue was closed can still be taken.
---
--- ```lua
--- local job = assert(queue:get())
--- ```
---@param seconds? number # how long to wait at most
---@return any # the value
---@return string? message
---@return string? code `"closed"` (and empty), `"timeout"`
function queue:get(seconds) end

--- Puts a value at the end; waits while the queue is full.
---
--- ```lua
--- assert(queue:put(job))
--- ```
---@param value any # anything but nil
---@param seconds? number # how long to wait at most
---@return true?
---@return string? message
---@return string? code `"closed"`, `"timeout"`
function queue:put(value, seconds) end

--- What net.handshake gives. Its fields are `level` and `about` (what was captured, in
--- words), `reason` (why not more), `packets`, `steps`, `connections`. `tostring` is the
--- picture.
---@class dialtone.Recording
local recording = {}

--- Makes one page, of HTML, that replays the recording: step by step, or with its own
--- times slowed down. It fetches nothing; without JavaScript it is the picture and all
--- details.
---
--- ```lua
--- io.open("handshake.html", "w"):write(hs:html())
--- ```
---@param options? table # `title`; `absolute`: begins with the sequence numbers as they are in the packets
---@return string # a document
function recording:html(options) end

--- Gives all of it as JSON (RFC 8259): an object with `level`, `about`, `reason`,
--- `connections`, `steps` and `packets`. The manual lists the fields of each.
---
--- ```lua
--- io.open("handshake.json", "w"):write(hs:json())
--- ```
---@return string # one line of UTF-8
function recording:json() end

--- Lists the packets by name, in the order in which they came.
---
--- ```lua
--- assert.same({ "SYN", "RST-ACK" }, hs:names())
--- ```
---@return table # such as `{ "SYN", "SYN-ACK", "ACK" }`
function recording:names() end

--- Draws the picture as SVG: one file that needs no other, with the states as
--- colours of the lifelines. It is light or dark as its reader has it.
---
--- ```lua
--- io.open("handshake.svg", "w"):write(hs:svg { title = "The handshake" })
--- ```
---@param options? table # `width`: how many pixels there are for it (1320; at 720 the calls stand between the lifelines, at 420 the states, too); `absolute`: sequence numbers as they are in the packets; `title`
---@return string # a document
function recording:svg(options) end

--- Draws the picture as text, in plain ASCII.
---
--- ```lua
--- io.write(hs:text { width = 100, colour = true })
--- ```
---@param options? table # `width` in columns (80); `colour`: for a terminal; `absolute`: sequence numbers as they are in the packets; `verbose`: every segment's window
---@return string lines
function recording:text(options) end

--- A scope: what `net.scope` calls its function with. The tasks that are started
--- in it end with it: the first failure cancels the others.
---@class dialtone.Scope
local scope = {}

--- Cancels all tasks of the scope, and those that are started in it from now
--- on.
---
--- ```lua
--- scope:cancel()
--- ```
---@return true
function scope:cancel() end

--- Starts a task in the scope.
---
--- Raises when the scope has ended.
---
--- ```lua
--- scope:spawn(check, host)
--- ```
---@param fn function
---@param ... any # its arguments
---@return dialtone.Task
function scope:spawn(fn, ...) end

--- A server, which `net.serve` makes. `tostring` says where it listens, and how
--- many connections it has.
---@class dialtone.Server
---@field address dialtone.Address where it listens
---@field listener dialtone.Socket the listening socket
local server = {}

--- Ends the server: nothing more is accepted, the handlers are cancelled, and
--- their connections closed.
---
--- ```lua
--- server:close()
--- ```
---@return true
function server:close() end

--- Ends the server in good order: nothing more is accepted, and the handlers may
--- finish. Those that are not done in time are cancelled. Waits until all have ended,
--- but for the one that calls it.
---
--- ```lua
--- server:drain(10)
--- ```
---@param seconds? number # how long they have; nil: as long as they need
---@return true?
---@return string? message
---@return string? code `"timeout"`, when some had to be cancelled
function server:drain(seconds) end

--- What the server has done so far.
---
--- ```lua
--- print(server:stats().active)
--- ```
---@return table # `accepted`, `active` and `failed` connections (those whose handlers raised), `pauses` (for want of descriptors or memory), `queued` (how many wait in the kernel's queue, where it tells: TCP on Linux)
function server:stats() end

--- A socket of the system's.
---
--- `net.socket`, `net.socketpair`, `net.fromfd`, `accept`, and all that stands on them
--- make it. A call that fails gives `nil`, a message and a code. One that would have to
--- wait does so, for at most the time that `settimeout` has set. A closed socket
--- answers every call with the code `"closed"`. `tostring` says what it is and
--- where it is connected to. On Lua 5.4 a socket may be a to-be-closed variable
--- (`local s <close> = ...`); one that nothing refers to any more is closed by the
--- garbage collector.
---@class dialtone.Socket: userdata
local socket = {}

--- Takes the next connection from the listener's queue; waits for one. The new
--- socket has no time limit, whatever the listener's. Connections that failed
--- while they were queued are passed over. See accept(2).
---
--- ```lua
--- local conn, peer = assert(listener:accept())
--- ```
---@return dialtone.Socket? # the connection
---@return dialtone.Address|string # its peer, or the message
---@return string? code such as `"timeout"`, `"EAGAIN"` (settimeout(0)), `"EMFILE"`, `"EINVAL"` (not listening)
function socket:accept() end

--- An iterator that accepts connections until the listener is closed, by a task or
--- in the loop itself. It raises what else goes wrong: also that descriptors have
--- run out, which `net.serve` sits out.
---
--- Raises the message of a failure, a time limit for instance.
---
--- ```lua
--- for conn, peer in listener:accepts() do net.spawn(greet, conn, peer) end
--- ```
---@return function # iterator, which gives what accept gives: the connection, and its peer's address
function socket:accepts() end

--- Gives the socket its own address. Port 0 lets the system choose, `"*"` as host
--- stands for every address of the family. A unix socket takes a path, `"@name"`
--- (an abstract name, Linux), or `""` (Linux chooses an abstract name). See
--- bind(2).
---
--- ```lua
--- assert(s:bind("127.0.0.1", 0))
--- assert(u:bind("/run/my.socket"))
--- ```
---@param address dialtone.Address|string|table # or the host, when a port follows
---@param port? integer
---@return true?
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EACCES"`; `"EINVAL"` for what is no address
function socket:bind(address, port) end

--- Closes the socket. What write has gathered is sent before, and waited for,
--- within the socket's time limit. Whoever waits for the socket wakes up, and fails
--- with
--- `"closed"`. Closing one that is closed is no failure. Where close(2) itself
--- fails, or the rest cannot be sent, it is closed all the same. See close(2).
---
--- ```lua
--- s:close()
--- ```
---@return true?
---@return string? message
---@return string? code such as `"timeout"`, `"EPIPE"`, `"EIO"`
function socket:close() end

--- Connects the socket to a peer. A socket that was bound first keeps its own
--- address. On a datagram socket no packet is sent: the address becomes the one
--- that `send` sends to and the only one that is received from; `"AF_UNSPEC"`
--- undoes that. When the time limit ends it, the attempt goes on in the kernel, and
--- calling connect again waits for it. See connect(2).
---
--- ```lua
--- assert(s:connect("127.0.0.1", 7000))
--- assert(s:connect("[::1]:7000"))
--- ```
---@param address dialtone.Address|string|table # or the host, when a port follows
---@param port? integer
---@return true?
---@return string? message
---@return string? code such as `"ECONNREFUSED"`, `"ETIMEDOUT"` (the kernel's own patience ended), `"timeout"` (ours), `"ENETUNREACH"`, `"EHOSTUNREACH"`, `"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EISCONN"`; with settimeout(0) `"EINPROGRESS"`, then `"EALREADY"`; `"EINVAL"` for what is no address
function socket:connect(address, port) end

--- An iterator that receives datagrams until the socket is closed, by a task or in
--- the loop itself. It raises what else goes wrong.
---
--- Raises the message of a failure: a time limit; on a connected socket also a
--- refusal of what was sent before.
---
--- ```lua
--- for data, from in udp:datagrams() do udp:sendto(data, from) end
--- ```
---@param size? integer # how many bytes of each at most
---@return function # iterator, which gives what recvfrom gives: the data, and the sender's address
function socket:datagrams(size) end

--- Gives the descriptor away: the object is closed from now on, the descriptor is
--- not, and whoever gets it must close it. It is in non-blocking mode.
---@return integer? descriptor
---@return string? message
---@return string? code `"closed"`
function socket:detach() end

--- Makes another object with a descriptor of its own for the same socket: both see
--- the same data and state, each is closed on its own. See dup(2).
---@return dialtone.Socket?
---@return string? message
---@return string? code `"EMFILE"`, `"closed"`
function socket:dup() end

--- The socket's address family.
---@return string? # `"AF_INET"`, ...; a number when it has no name here
---@return string? message
---@return string? code `"closed"`
function socket:family() end

--- The descriptor's number, for other libraries. It stays the socket's.
---@return integer? descriptor
---@return string? message
---@return string? code `"closed"`
function socket:fileno() end

--- Sends what write has gathered, and waits until it has gone.
---
--- ```lua
--- assert(conn:flush())
--- ```
---@return dialtone.Socket? itself
---@return string? message
---@return string? code as for write; after `"timeout"` what is left is still there
function socket:flush() end

--- The address of the socket's peer. See getpeername(2).
---@return dialtone.Address?
---@return string? message
---@return string? code `"ENOTCONN"`, `"closed"`
function socket:getpeername() end

--- The socket's own address. See getsockname(2).
---@return dialtone.Address?
---@return string? message
---@return string? code `"closed"`
function socket:getsockname() end

--- Reads a socket option, by the name that the manual has for it: see
--- getsockopt(2), socket(7), ip(7), ipv6(7), tcp(7), udp(7), unix(7), packet(7),
--- netlink(7). The value is a boolean, an integer, seconds, a text, a constant's
--- name or a table, as `net.options` tells of each option. An option that has no
--- name here is read by level and number, and its value is the bytes that the
--- kernel gives.
---
--- ```lua
--- print(s:getsockopt("SO_RCVBUF"))           -- bytes, as an integer
--- print(s:getsockopt("SO_LINGER"))           -- seconds, or false
--- print(#s:getsockopt("IPPROTO_TCP", 11))    -- struct tcp_info, as bytes
--- ```
---@param name dialtone.Option|string|integer # the option; or the level (`"SOL_SOCKET"`, or a number) when a number follows
---@param number? integer # the option's number
---@param size? integer # the most bytes to ask the kernel for
---@return (boolean|integer|number|string|table)? # value; with a number: the bytes
---@return string? message
---@return string? code such as `"ENOPROTOOPT"` (also for what this system does not have), `"ENOTCONN"`, `"closed"`
function socket:getsockopt(name, number, size) end

--- The bound that settimeout has set.
---@return number? # seconds, nil for none
---@return string? message
---@return string? code `"closed"`
function socket:gettimeout() end

--- An iterator that reads by one format, line by line if there is none, until the
--- end of the stream. As io's, it raises what else goes wrong.
---
--- Raises the message of a failure: a reset, a time limit, a line that is too long.
---
--- ```lua
--- for line in conn:lines() do print(line) end
--- ```
---@param format? string|integer # as read takes it
---@return function iterator
function socket:lines(format) end

--- Makes the socket a listener. On Linux, `backlog` bounds the connections that
--- the kernel has completed and nobody has accepted yet; the system's own bound
--- (net.core.somaxconn) cuts it in silence. See listen(2).
---@param backlog? integer # the system's largest when left out
---@return true?
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"EOPNOTSUPP"`
function socket:listen(backlog) end

--- Shows the next bytes without taking them; waits until so many are there. At the
--- end of the stream there may be fewer.
---
--- ```lua
--- if conn:peek(1) == "\22" then print("TLS") end
--- ```
---@param count integer
---@return string? data
---@return string? message
---@return string? code as for read
function socket:peek(count) end

--- The process at the other end of a unix socket: who it was when it called connect
--- or listen. The kernel vouches for it. See SO_PEERCRED in unix(7). The BSDs and
--- macOS do not tell the `pid`.
---
--- ```lua
--- local peer = assert(conn:peercred())
--- if peer.uid ~= 0 then conn:close() end
--- ```
---@return { pid: integer?, uid: integer, gid: integer }? # who; `pid` is nil where the system does not tell
---@return string? message
---@return string? code `"ENOTCONN"` when there is no such peer, `"closed"`
function socket:peercred() end

--- The socket's protocol, as the kernel says.
---@return (string|integer)? # `"IPPROTO_TCP"`, ... for the internet families, a number for others
---@return string? message
---@return string? code `"closed"`
function socket:protocol() end

--- How much lies in the kernel's two queues of the socket. Of a stream: the bytes
--- that recv could take, and the bytes that the peer has not acknowledged (unix:
--- not taken). Of a datagram socket: the next datagram's bytes, and the memory of
--- what has not left. See tcp(7) and udp(7), SIOCINQ and SIOCOUTQ.
---
--- ```lua
--- local received, unsent = s:queued()
--- ```
---@return integer? # bytes to be received
---@return (integer|string)? # bytes not yet sent or acknowledged; nil where the system does not tell, or the message
---@return string? code `"EINVAL"` for a listener, `"ENOTTY"`, `"closed"`
function socket:queued() end

--- Reads by io's formats: `"l"` a line without its end (LF, or CR LF), `"L"` a line
--- with it, `"a"` all until the end of the stream, a number that many bytes. At the
--- end of the stream a line may lack its end, and a number of bytes may be fewer.
--- Several formats give several results; they are taken all together or not at
--- all. What has come before a failure is kept for the next read: a time limit
--- loses nothing. A line longer than `setlimit` allows is not read.
---
--- ```lua
--- local line = assert(conn:read())
--- local head, body = conn:read("l", 100)
--- ```
---@param ... string|integer formats
---@return string? # data, for each format; `"a"` at the end is `""`
---@return string? message
---@return string? code `"eof"` at the end of the stream, `"timeout"`, `"limit"` (the line is too long), `"ECONNRESET"`, `"busy"` (another task reads), `"closed"`
function socket:read(...) end

--- Reads up to a delimiter, which is taken too. At the end of the stream what is
--- left is given without one.
---
--- ```lua
--- local head = assert(conn:readuntil("\r\n\r\n"))
--- ```
---@param delimiter string # at least one byte
---@param inclusive? boolean # the delimiter is part of the result
---@return string? data
---@return string? message
---@return string? code as for read
function socket:readuntil(delimiter, inclusive) end

--- Receives what is there, at most `size` bytes; waits for something. From a
--- datagram socket it takes one datagram, and cuts it to `size`. See recv(2).
---
--- ```lua
--- local data = assert(s:recv(4096))
--- ```
---@param size integer # how many bytes at most
---@param ... string|integer # flags, such as `"MSG_PEEK"`, `"MSG_DONTWAIT"`; with `"MSG_WAITALL"` a stream is waited on until all `size` bytes are there, and if it ends or fails before, what came is given with the message and the code
---@return string? # data; a datagram of no bytes is `""`
---@return string? message
---@return string? code `"eof"` at the end of a stream, `"timeout"`, `"ECONNRESET"`, `"ECONNREFUSED"` (an earlier datagram was refused), ...
function socket:recv(size, ...) end

--- Receives data, and the descriptors that came with it. They are close-on-exec.
--- Sockets come back as socket objects, others as io files where Lua can make one,
--- else as numbers (LuaJIT). See unix(7), SCM_RIGHTS.
---
--- ```lua
--- local data, list = assert(s:recvfds())
--- ```
---@param size? integer # how many bytes at most
---@param max? integer # how many descriptors at most; more are closed
---@return string? data
---@return table|string # list of descriptors; empty when none came, or the message
---@return string? # `"MSG_CTRUNC"` when some were dropped: more than `max` came, or this process may not open as many, or the code `"eof"` at the end of a stream, else as for recv
function socket:recvfds(size, max) end

--- Receives one datagram, and says who sent it. See recvfrom(2).
---
--- ```lua
--- local data, from = assert(udp:recvfrom(65535))
--- ```
---@param size integer # how many bytes at most; the rest is cut off
---@param ... string|integer flags
---@return string? data
---@return (dialtone.Address|string)? # the sender; nil where it has no address, or the message
---@return string? code as for recv
function socket:recvfrom(size, ...) end

--- Receives the messages that are there, at most `count`, with one system call; if
--- there is none, it waits for one. See recvmmsg(2).
---
--- ```lua
--- for _, message in ipairs(assert(udp:recvmany(64))) do
---   print(message.address, message[1])
--- end
--- ```
---@param count integer # how many messages at most, 1 to 1024
---@param size? integer # how many bytes of each at most; the rest is cut off, and `flags.MSG_TRUNC` says so. With UDP_GRO: 65535
---@param ... string|integer flags
---@return table? # list of messages as recvmsg gives them, in order; their control data has room for 256 bytes each. Where there are no flags or no control data, `flags` and `control` are an empty table, one for all, that comes from a metatable, is not seen by `pairs`, and refuses to be written to
---@return string? message
---@return string? code as for recvmsg
function socket:recvmany(count, size, ...) end

--- Receives one message with one system call, and all that came with it. Waits for
--- one, but not with `"MSG_ERRQUEUE"`: the error queue has something, or the call
--- fails with `"EAGAIN"`. See recvmsg(2), cmsg(3).
---
--- The message is a table: `[1]`, `[2]` ... a string for each buffer, filled in
--- order; `length`, the bytes that came (with the flag `"MSG_TRUNC"`: the length of
--- the whole datagram); `address`, the sender's, nil where it has none; `flags`, a
--- set such as `{ MSG_TRUNC = true }` (data was cut) and `{ MSG_CTRUNC = true }`
--- (control data was cut, descriptors among it were closed); `control`, a list of
--- `{ type =, level =, value = }` where each value stands also under its type's
--- name. Values are those of sendmsg, and `SO_TIMESTAMPNS` (`{ sec =, nsec = }`),
--- `SO_TIMESTAMP` (`{ sec =, usec = }`), `SO_RXQ_OVFL` and `UDP_GRO` (integers),
--- `SCM_PIDFD` (a list of one descriptor), `IP_RECVERR` and `IPV6_RECVERR`
--- (`{ errno =, origin =, type =, code =, info =, data =, offender = }`).
--- `IP_PKTINFO` has `destination` too, the address in the packet's head. What has
--- no name here has `level` and `type` as numbers, and bytes for a value. Control
--- data that was cut is left out, but for the descriptors that came whole.
---
--- Received descriptors are close-on-exec. Sockets come back as socket objects,
--- others as io files where Lua can make one, else as numbers.
---
--- ```lua
--- local m = assert(s:recvmsg(4096))
--- print(m[1], m.address, m.control.IP_TTL, m.flags.MSG_TRUNC)
--- ```
---@param size integer|table # how many bytes at most, or a list of sizes: data is then spread over as many buffers
---@param controlsize? integer # bytes of room for control data, up to 65536; 0: none is taken. Without it there is room for 253 descriptors and all else
---@param ... string|integer # flags, such as `"MSG_PEEK"`, `"MSG_TRUNC"`, `"MSG_ERRQUEUE"`, `"MSG_DONTWAIT"`
---@return table? message
---@return string? message
---@return string? code `"eof"` at the end of a stream, else as for recv
function socket:recvmsg(size, controlsize, ...) end

--- Sends data with one system call, and says how much of it the kernel has taken:
--- on a stream that may be less than all. Waits until there is room for some. See
--- send(2).
---
--- ```lua
--- local n = assert(s:send("hello\n"))
--- ```
---@param data string
---@param ... string|integer # flags, such as `"MSG_MORE"`, `"MSG_OOB"`, `"MSG_DONTWAIT"`
---@return integer? # bytes taken
---@return string? message
---@return string? code such as `"EPIPE"`, `"ECONNRESET"`, `"timeout"`, `"EMSGSIZE"`, `"ENOTCONN"`
function socket:send(data, ...) end

--- Sends data and descriptors over an `AF_UNIX` socket. The receiver gets
--- descriptors of its own, for the same open files; ours stay open. What an io file
--- has buffered is written before. See unix(7), SCM_RIGHTS.
---
--- ```lua
--- assert(s:sendfds("take these", { listener, io.stdout }))
--- ```
---@param data string # at least one byte on a stream, as nothing else would carry the descriptors
---@param list table # of sockets, io files, descriptors, or objects with a `fileno` method
---@return integer? # bytes taken; the descriptors go with the first one
---@return string? message
---@return string? code such as `"EBADF"` (one of the list is closed), `"EPIPE"`, `"EINVAL"` (more than 253), `"ETOOMANYREFS"`, `"timeout"`
function socket:sendfds(data, list) end

--- Sends a file, or a part of it, from where it stands; waits until all of it has
--- gone, or the file ends. A file without positions (a pipe) is read and sent in
--- pieces; the time limit is the socket's, and does not bound the reading: what
--- comes from a socket is for `net.copy`, which waits for both. See sendfile(2).
---
--- ```lua
--- local sent = assert(s:sendfile(assert(io.open("page.html", "rb"))))
--- ```
---@param file file*|integer # an io file, a descriptor, or an object with a `fileno` method
---@param offset? integer # where to begin, in bytes; left out: at the file's position, which moves on
---@param count? integer # how many bytes at most; left out: to the end
---@return integer? # bytes sent
---@return string? message
---@return string? code as for send, and what read(2) says: `"EAGAIN"` for a non-blocking file in which there is nothing just now
---@return integer? # bytes sent before the failure
---@return string? # what was read of a pipe, and was not sent
function socket:sendfile(file, offset, count) end

--- Sends many messages, with as few system calls as the system allows, and waits
--- until all have gone. If a failure comes after some went, their number is
--- returned, and the failure comes again when the rest is sent. On a stream each
--- message is a system call of its own, and goes whole before the next. See
--- sendmmsg(2).
---
--- ```lua
--- assert(udp:sendmany({ { "one", address = a }, { "two", address = b } }))
--- ```
---
--- ```lua
--- udp:sendmany(udp:recvmany(64)) -- echo
--- ```
---@param list table # of messages as sendmsg takes them: strings, or tables `{ data, address =, control = }`; the list that recvmany gives is one
---@param ... string|integer flags
---@return integer? # how many messages went
---@return (integer|string)? # on a stream: how many bytes of the next one went, if some did, or the message
---@return string? code as for sendmsg, if the first could not be sent
function socket:sendmany(list, ...) end

--- Sends one message with one system call: data gathered from several buffers, an
--- address, control data. On a stream the kernel may take less than all. See
--- sendmsg(2), cmsg(3).
---
--- The message is a string, or a table: `[1]`, `[2]` ... the buffers (strings; none
--- is a message of no bytes; more than 1024 fail with `"EMSGSIZE"`), `address` and
--- `control`.
---
--- `control` is a list of `{ type =, value = }`, or has values under their types'
--- names, or both: the list goes first, and a type that stands in it is not sent
--- again by its name. `SCM_RIGHTS` takes a list of sockets, io files and
--- descriptors (what an io file has buffered is written before);
--- `SCM_CREDENTIALS` takes `{ pid =, uid =, gid = }`, each our own when left out;
--- `IP_PKTINFO` and `IPV6_PKTINFO` take `{ ifindex =, interface =, address = }`
--- (the interface's name counts when there is no index); `IP_TTL`, `IP_TOS`,
--- `IPV6_HOPLIMIT`, `IPV6_TCLASS` and `UDP_SEGMENT` take integers. Anything else is
--- `{ level =, type =, value = }` with the two as numbers, and bytes or an integer.
---
--- A message that recvmsg or recvmany gave may be sent as it is: its data to its
--- `address`. Its control data is not sent, as it tells how it came, and fields
--- that you have added to it are left alone; a message counts as received when
--- recvmany gave it, or when it has `flags`.
---
--- ```lua
--- assert(s:sendmsg({ "data", control = { SCM_RIGHTS = { file } } }))
--- ```
---
--- ```lua
--- assert(udp:sendmsg({ "probe", address = to, control = { IP_TTL = 3 } }))
--- ```
---@param message string|table
---@param ... string|integer # flags, such as `"MSG_MORE"`, `"MSG_EOR"`, `"MSG_DONTWAIT"`
---@return integer? # bytes taken
---@return string? message
---@return string? code such as `"EPIPE"`, `"EMSGSIZE"`, `"ENOTCONN"`, `"timeout"`; `"EBADF"` for a closed descriptor in the list, `"EPERM"` for credentials that are not ours, `"ENODEV"` for no such interface, `"EINVAL"` for an address that is none and for what the kernel does not take
function socket:sendmsg(message, ...) end

--- Sends one datagram to an address. See sendto(2).
---
--- ```lua
--- assert(udp:sendto("ping", "127.0.0.1:9000"))
--- ```
---@param data string
---@param address dialtone.Address|string|table # or the host, when a port follows
---@param port? integer
---@param ... string|integer flags
---@return integer? bytes
---@return string? message
---@return string? code such as `"EMSGSIZE"`, `"ENETUNREACH"`; `"EINVAL"` for what is no address
function socket:sendto(data, address, port, ...) end

--- Limits how long a line may be, and what readuntil reads: a longer one fails with
--- `"limit"`, and stays where it is, for `recv` or a larger limit. Without a call
--- it is 1 MiB.
---
--- ```lua
--- conn:setlimit(8192)
--- ```
---@param bytes? integer # without the line's end; at least 1
---@return true?
---@return string? message
---@return string? code `"closed"`
function socket:setlimit(bytes) end

--- Sets a socket option, by the name that the manual has for it: see setsockopt(2)
--- and the pages of section 7. Values are as `getsockopt` gives them; `net.options`
--- tells each option's type and unit. By type: a boolean; an integer; seconds (a
--- number, 0 or nil for none); linger (whole seconds, or false for off); a string;
--- a constant's name; a filter (a list of instructions `{ code, jt, jf, k }`); a
--- group (`{ group = "239.1.2.3", interface = "eth0" }`, or the group alone); a
--- source group (with `source` too); an interface (name, index, for IPv4 also its
--- address); a rate (bytes per second, `math.huge` for no bound); a list of
--- integers; nothing at all where the call is the message (SO_DETACH_FILTER). An
--- option that has no name here is set by level and number, to bytes or to an
--- integer (a C int). A wrong type or an unknown name raises.
---
--- ```lua
--- assert(s:setsockopt("SO_REUSEADDR", true))
--- assert(s:setsockopt("SO_LINGER", 5))       -- seconds; false: off
--- assert(u:setsockopt("IP_ADD_MEMBERSHIP",
---   { group = "239.1.2.3", interface = "eth0" }))
--- assert(s:setsockopt("SOL_SOCKET", 9, 1))   -- SO_KEEPALIVE on Linux
--- ```
---@param name dialtone.Option|string|integer # the option; or the level (`"SOL_SOCKET"`, or a number) when a number follows
---@param value? boolean|integer|number|string|table # or the option's number
---@param bytes? string|integer # what to set the numbered option to
---@return true?
---@return string? message
---@return string? code such as `"EPERM"`, `"EINVAL"`, `"ENODEV"`, `"ENOPROTOOPT"` (also for what this system does not have), `"closed"`
function socket:setsockopt(name, value, bytes) end

--- Bounds how long each call on this socket may take as a whole; a call that runs
--- out of time fails with `"timeout"`. With 0 no call waits, and each fails as the
--- kernel fails it: `"EAGAIN"`, connect with `"EINPROGRESS"`.
---@param seconds? number # nil: no bound, as at the start
---@return true?
---@return string? message
---@return string? code `"closed"`
function socket:settimeout(seconds) end

--- Says how write gathers. `"no"`: each write is a system call at least.
--- `"full"`: writes are gathered also outside of tasks; they leave at `flush`, at
--- `close`, when so much is gathered, or when a call of this Lua state waits.
--- Without a call they are gathered in tasks only.
---
--- ```lua
--- conn:setvbuf("no")
--- ```
---@param mode string # `"no"` or `"full"`
---@param size? integer # how many bytes are gathered before a write waits for them
---@return true?
---@return string? message
---@return string? code `"closed"`
function socket:setvbuf(mode, size) end

--- Ends one direction of a connection, or both; the descriptor stays open. What
--- write has gathered goes before. See shutdown(2).
---
--- ```lua
--- assert(s:shutdown("SHUT_WR"))
--- ```
---@param how string|integer # `"SHUT_RD"`, `"SHUT_WR"` (the peer sees the end of the stream), `"SHUT_RDWR"`
---@return true?
---@return string? message
---@return string? code such as `"ENOTCONN"`, `"timeout"`
function socket:shutdown(how) end

--- What the kernel knows of a TCP connection; see TCP_INFO in tcp(7). On Linux.
--- The names are those of `struct tcp_info` without `tcpi_`; a field that the
--- running kernel does not have is nil. Some of them:
---
--- - `state`: `"ESTABLISHED"`, `"LISTEN"`, `"CLOSE_WAIT"`, ...; `ca_state`:
---   `"Open"`, `"Disorder"`, `"CWR"`, `"Recovery"`, `"Loss"`; `options`: a set of
---   `TIMESTAMPS`, `SACK`, `WSCALE`, `ECN`, `ECN_SEEN`, `SYN_DATA`;
--- - in microseconds: `rtt`, `rttvar`, `min_rtt` (nil before the first sample),
---   `rcv_rtt`, `rto`, `ato`, `busy_time`, `rwnd_limited`, `sndbuf_limited`;
--- - in milliseconds: `last_data_sent`, `last_data_recv`, `last_ack_recv`,
---   `total_rto_time`;
--- - in bytes per second: `pacing_rate`, `max_pacing_rate`, `delivery_rate`
---   (`math.huge`: no bound);
--- - in bytes: `snd_mss`, `rcv_mss`, `pmtu`, `bytes_acked`, `bytes_received`,
---   `bytes_sent`, `bytes_retrans`, `notsent_bytes`, `snd_wnd`, `rcv_wnd`;
--- - in segments: `snd_cwnd`, `snd_ssthresh`, `unacked`, `sacked`, `lost`,
---   `retrans`, `total_retrans`, `segs_in`, `segs_out`, `reordering`;
--- - of a listener: `queue_length`, the connections that wait for accept, and
---   `queue_limit`, what `listen` has set.
---
--- ```lua
--- local info = assert(s:tcpinfo())
--- print(info.state, info.rtt / 1000 .. " ms", info.total_retrans)
--- ```
---@return table?
---@return string? message
---@return string? code `"ENOPROTOOPT"` or `"EOPNOTSUPP"` for what is no TCP socket, and where the system has no such call; `"closed"`
function socket:tcpinfo() end

--- The socket's type.
---@return string? # `"SOCK_STREAM"`, ...; a number when it has no name here
---@return string? message
---@return string? code `"closed"`
function socket:type() end

--- Puts data back in front of what is to be read next.
---
--- ```lua
--- conn:unread(line .. "\n")
--- ```
---@param data string
---@return true?
---@return string? message
---@return string? code `"closed"`
function socket:unread(data) end

--- Writes texts and numbers, and gives the socket, as io does. In a task they are
--- gathered, and leave together: when the task next waits or ends, when 64 KiB are
--- gathered (then the write waits until the peer has taken them), or at `flush`.
--- Elsewhere they are sent at once, and write waits until all have gone.
---
--- A failure of what was gathered comes with the next write, flush or close.
---
--- ```lua
--- assert(conn:write("HELO ", name, "\r\n"))
--- ```
---@param ... string|number data
---@return dialtone.Socket? itself
---@return string? message
---@return string? code such as `"EPIPE"`, `"ECONNRESET"`, `"timeout"`, `"closed"`, `"busy"` (another task's write waits)
---@return integer? # how many bytes of these did go; the rest is dropped
function socket:write(...) end

--- A task: what `net.spawn` makes, a function that runs beside the others.
---
--- It ends when its function returns or raises, or when it is cancelled. Nobody
--- has to keep it: tasks that wait are kept by the loop. `tostring` says where
--- its function stands, what it is at, and what it waits for.
---@class dialtone.Task: userdata
local task = {}

--- Ends the task: what it waits for, or the next time it waits, raises a value that
--- is no string. pcall sees it, but waiting raises it again; `to-be-closed`
--- variables are closed. A task that has not begun never does.
---
--- ```lua
--- task:cancel()
--- ```
---@return boolean # true, also when it has ended already
function task:cancel() end

--- Waits for the end of the task.
---
--- ```lua
--- local ok, answer = task:join()
--- ```
---@param seconds? number # how long at most
---@return boolean? # whether its function returned
---@return any ... # what it returned; or the error and its traceback; or a message and `"cancelled"`
function task:join(seconds) end

--- What the task is at.
---
--- ```lua
--- print(task:status())
--- ```
---@return string # `"ready"` (to begin or to go on), `"running"`, `"waiting"`, `"done"`, `"failed"` or `"cancelled"`
function task:status() end

--- Where the task is: what `tostring` says of it, and below that the calls that it
--- is in, as debug.traceback gives them.
---
--- ```lua
--- for _, task in ipairs(net.tasks()) do print(task:traceback()) end
--- ```
---@return string text
function task:traceback() end

--- What the task waits for.
---
--- ```lua
--- print(task:waiting()) --> read	socket AF_INET SOCK_STREAM ...	4.8
--- ```
---@return string? # operation `"read"`, `"accept"`, `"sleep"`, `"join"`, `"scope"` (for the end of tasks) or whatever call it is in; nil: it does not wait
---@return any # object the socket; or the task it joins, the queue, what `net.wait` or `net.poll` was given, the host that is looked up; nil: none
---@return number? # seconds that the call has left; nil: it has no limit of its own
function task:waiting() end

--- What a script of net.handshake is given: it makes sockets that are in the picture.
---@class dialtone.Wire
local wire = {}

--- Counts what was captured so far.
---@param name? string # of the packets, such as `"SYN"`; without it, all
---@return integer # how many there are; 0 at level 0
function wire:count(name) end

--- Reads the kernel's TCP counters, of the recording's network.
---@return table? # numbers by name: `ListenOverflows`, `ListenDrops` and others, from /proc/net/netstat; nil where there is none
function wire:counters() end

--- Lets segments be lost on their way to a socket, as a bad line would do it: the
--- socket gets a filter. They are on the wire, and the socket does not hear of them.
---
--- ```lua
--- wire:lose(listener, "ACK") -- the third segment of the handshake
--- ```
---@see socket(7) SO_ATTACH_FILTER
---@param socket dialtone.Socket # for TCP; a listener loses what is for those in its queue, too
---@param what string? # `"SYN"`, `"ACK"` (those that carry no data), `"FIN"`, or `"all"`; nil: nothing any more
---@return true?
---@return string? message
---@return string? code as of setsockopt
function wire:lose(socket, what) end

--- Writes a sentence into the picture.
---@param text string # a format as of string.format, when values follow
---@param ... any # values: numbers, and others by their tostring
---@return true
function wire:note(text, ...) end

--- Makes a socket that is in the picture, in the recording's network. It is used as
--- any other socket, and each call that it makes is recorded; what it accepts is in the
--- picture, too.
---
--- ```lua
--- local listener = assert(wire:socket("server"))
--- ```
---@param name string # for the picture: the socket is on the right when the name begins with "server", else on the left
---@param domain? string # the recording's family when there is none
---@param type? string
---@param protocol? string|integer
---@return dialtone.Socket?
---@return string? message
---@return string? code as of net.socket
function wire:socket(name, domain, type, protocol) end

--- Asks the kernel for the state of a TCP socket, also of one that no program holds.
---@see sock_diag(7)
---@param source dialtone.Address # its own address
---@param destination? dialtone.Address # the other end's; without it, any one that is alive
---@return string? # such as `"SYN_RCVD"`; nil: there is none
function wire:state(source, destination) end

--- Waits until no packet has come for a moment (30 ms), or until `ready()` is true.
---
--- ```lua
--- wire:wait(function() return wire:count("SYN") == 2 end, 3)
--- ```
---@param ready? function # is asked again and again
---@param seconds? number # how long at most
---@return boolean # whether `ready()` was true; true without it
function wire:wait(ready, seconds) end

--- The operating system's sockets.
--- The functions are C's (csrc/mod_*.c); what is composed of them in Lua joins
--- them here.
---@class dialtone
local net = {}

--- Makes an address of a text, of host and port, or of a table of its fields.
--- Nothing is looked up: the host is a literal as inet_pton(3) has it, or `"*"` for
--- any of the machine's own addresses (`::`). For names see `getaddrinfo`.
---
--- The texts are those that tostring gives: see `address`. What begins with `/`,
--- `./` or `@` is a unix path too. A table without `family` has `path`, or `host`
--- and `port`. Wherever a call wants an address it takes all of these; after a text
--- a number is its port and never a flag.
---
--- ```lua
--- print(net.address("127.0.0.1:80").port) --> 80
--- print(net.address("::1", 80)) --> [::1]:80
--- print(net.address({ path = "/run/x" })) --> unix:/run/x
--- ```
---@param address string|table|dialtone.Address # the text, the host, the table of fields; an address is given back as it is
---@param port? integer|string # 0..65535, after a host only
---@return dialtone.Address? address
---@return string? message which says what is wrong with the text
---@return string? code `"EINVAL"`
function net.address(address, port) end

--- Lets tasks run at the prompt of `lua` itself, while it waits for a line: where
--- that prompt reads with readline(3). At dialtone's own prompt they run anyhow,
--- and in a script this changes nothing. Where `net.fileno()` is nil (over
--- poll(2)), they have their turn every 10 ms.
---
--- Raises outside of the main program.
---
--- ```lua
--- net = require "dialtone"
--- assert(net.background())
--- server = net.serve(7000, net.echo)
--- ```
---@return boolean? # true, also when it does so already
---@return string? message
---@return string? code `"ENOTSUP"`: this interpreter reads lines in another way; `"EBUSY"`: another Lua state of the process does this already
function net.background() end

--- Connects to a server: by name, address, or unix path. A host's name is looked
--- up, and all its addresses are tried, as RFC 8305 has it ("Happy Eyeballs"): the
--- families take turns, the next attempt begins after a quarter of a second or as
--- soon as one fails, the first that stands is taken and the others are closed.
---
--- ```lua
--- local conn = assert(net.connect("example.org:80", { timeout = 5 }))
--- ```
---@param where string|integer|dialtone.Address|table # `"example.org:80"`, `"[::1]:http"`, `"unix:/run/x"`, an address; a port alone is one of the loopback, 127.0.0.1; or the host, when a port follows
---@param port? integer|string # number, or name of a service
---@param opts? table # `timeout`: for all of it, look-up and attempts, in seconds (the socket has no time limit after it); `bind`: the local address, or host, or port; `family`: `"AF_INET"` or `"AF_INET6"` only; `delay`: seconds between the attempts (0.25); and socket options, such as `nodelay`, `keepalive`, `rcvbuf`, or by the manual's names. Other names raise
---@return dialtone.Socket? connected
---@return string? message
---@return string? code such as `"ECONNREFUSED"`, `"timeout"`, `"EAI_NONAME"`; `"EINVAL"` for what is no address
---@return table? # failures what became of each address: a list of tables with `address`, `message`, `code`, and `state`, which is `"failed"`, `"pending"` (no answer before the time limit) or `"untried"`; empty when there was no address
function net.connect(where, port, opts) end

--- All constants that have a name here and exist on this system: families, types,
--- protocols, flags, levels, options.
---
--- ```lua
--- local c = net.constants()
--- s:setsockopt(c.IPPROTO_IP, c.IP_TTL, 3)
--- ```
---@return table # from name to number: `{ AF_INET = 2, ... }`
function net.constants() end

--- Copies what comes from one socket to another, until the stream ends; then the
--- other side is told so (SHUT_WR), while its answers may go on. With a count it
--- ends after so many bytes, and nobody is told. What `from` has buffered goes
--- first, and what was written to `to` goes before all.
---
--- Time limits bound each wait, not the whole: that of `from` how long nothing may
--- come, that of `to` how long nothing may be taken. What was received and could
--- not be sent stays with `from`, for the next read or copy. Both directions of a
--- connection may be copied at once, in two tasks. A copy that waits for input
--- learns what became of `to` when the next bytes come.
---
--- ```lua
--- net.spawn(net.copy, server, client)
--- net.copy(client, server)
--- ```
---@param from dialtone.Socket # a stream socket
---@param to dialtone.Socket another
---@param count? integer # how many bytes at most; left out: to the end
---@return integer? # bytes that `to` has taken
---@return string? message which names the one that failed
---@return string? code as for read and for write: `"timeout"`, `"ECONNRESET"`, `"EPIPE"`, `"closed"`, `"busy"` (another task reads `from`, or writes `to`)
---@return integer? # bytes that `to` had taken by then
function net.copy(from, to, count) end

--- A handler that sends back what comes: `net.serve(7000, net.echo)`.
---
--- ```lua
--- net.serve(7000, net.echo)
--- ```
---@param conn dialtone.Socket
function net.echo(conn) end

--- The descriptor that is readable when a task may go on: for the poll(2) of a host
--- program. See `step`.
---@return integer? descriptor
---@return string? message
---@return string? code `"ENOTSUP"` where poll(2) is the poller, `"EMFILE"`
function net.fileno() end

--- Makes a socket object of a descriptor that came from elsewhere (a parent
--- process, another library), and owns it from then on. Family, type and protocol
--- are asked of the kernel; the descriptor becomes close-on-exec and non-blocking.
--- When it fails, the descriptor is still the caller's.
---
--- ```lua
--- local listener = assert(net.fromfd(3)) -- socket activation
--- ```
---@param fd integer
---@return dialtone.Socket?
---@return string? message
---@return string? code `"ENOTSOCK"`, `"EBADF"`
function net.fromfd(fd) end

--- Looks up the addresses of a host, and the port of a service. Each address is
--- there once, in the order in which the system would have them tried. The list is
--- fit for sockets of any type; with hints only for what they ask for.
---
--- It asks the C library, which may ask the network. While there are tasks that is
--- done in a thread, and the others go on (`net.timeout` bounds it); else it
--- blocks. A host is taken as inet_pton(3) or as a name: what only inet_aton(3)
--- takes for an address (`127.1`, `0x7f000001`, `0127.0.0.1`) is refused. See
--- getaddrinfo(3).
---
--- ```lua
--- for _, address in ipairs(assert(net.getaddrinfo("localhost", 80))) do
---   print(address) --> [::1]:80, 127.0.0.1:80
--- end
--- ```
---@param host string? # name or literal of at most 253 bytes; nil for this machine: its loopback addresses, or with AI_PASSIVE the wildcards
---@param service? string|integer # port, or a name such as `"http"`; nil for port 0
---@param hints? table # `family` (`"AF_INET6"`), `type` (`"SOCK_STREAM"`), `protocol` (`"IPPROTO_TCP"`), `flags` (`"AI_CANONNAME|AI_NUMERICHOST"`, or a list); other names raise
---@return dialtone.Address[]? # list of one or more; its field `canonname` is the host's official name when AI_CANONNAME asked for it
---@return string? message
---@return string? code `"EAI_NONAME"`, `"EAI_AGAIN"`, `"EAI_SERVICE"` and so on; for EAI_SYSTEM the errno's name
function net.getaddrinfo(host, service, hints) end

--- Looks up the name of a host, and of the service at its port. Where there is no
--- name, the result is the literal and the number. It may ask the network, and
--- blocks; `"NI_NUMERICHOST"` keeps it from that. See getnameinfo(3).
---
--- ```lua
--- print(net.getnameinfo("127.0.0.1:80", "NI_NUMERICSERV"))
---   --> localhost  80
--- ```
---@param address dialtone.Address|string|table # an address, never a name; or the host, when a port follows
---@param flags? string|integer|table # `"NI_NUMERICHOST"`, `"NI_NUMERICSERV"`, `"NI_NAMEREQD"` (a host without a name is a failure), `"NI_DGRAM"`, `"NI_NOFQDN"`: any number of arguments
---@return string? host
---@return string # service, or the message
---@return string? code `"EAI_NONAME"` and so on; `"EINVAL"` for what is no address
function net.getnameinfo(address, flags) end

--- Makes connections and records them: the calls that are made, the packets on the
--- wire, the states at both ends, the listener's queue.
---
--- Without a script it is the whole life of one connection. A script is called with a
--- wire, which makes the sockets. What a script raises, this raises.
---
--- Packets are captured where that is allowed (level 2: CAP_NET_RAW), else in a private
--- network where such may be made (level 1: unshare(1)), else not (level 0): what it came
--- to stands in `level`, why not more in `reason`. Linux only.
---
--- ```lua
--- local hs = net.handshake()
--- print(hs)
--- assert(hs:names()[1] == "SYN")
--- ```
---@see packet(7)
---@see sock_diag(7)
---@see network_namespaces(7)
---@see RFC 9293
---@param options? table # a script as `[1]`; `level`: no more than this; `private`: true, a private network, also where one could capture; false, none; `family`: `"AF_INET"` (when there is none) or `"AF_INET6"`; `interface` to capture on (`"lo"`; `"any"`: all); `timeout` of each call in seconds (10)
---@return dialtone.Recording # `packets` is a list; of each the fields name, protocol, from, to, side, time, length, and for TCP flags, seq, ack, relative_seq, relative_ack, window, options, states. `steps` has these and the calls, notes and queues, in their order
function net.handshake(options) end

--- Prints help: without an argument an overview, else what the manual's reference
--- says of a function, a method, a class, a socket option, an error code or a
--- constant. A name that is not known is answered with those that are similar. It is
--- for the prompt: lines are as long as the environment's COLUMNS, or 80.
---
--- Raises for anything else.
---
--- ```lua
--- net.help "connect"
--- net.help(net.connect)
--- ```
---@param what? string|function|dialtone.Socket|dialtone.Task|dialtone.Queue|dialtone.Scope|dialtone.Server|dialtone.Address # a name such as `"connect"`, `"socket:accept"`, `"accept"`, `"SO_REUSEADDR"`, `"ECONNREFUSED"`; or the function, or an object, itself
function net.help(what) end

--- Gives the name of a network interface. See if_indextoname(3).
---
--- ```lua
--- print(net.if_indextoname(1)) --> lo
--- ```
---@param index integer
---@return string? name
---@return string? message
---@return string? code `"ENXIO"` when there is none of that number
function net.if_indextoname(index) end

--- Gives the number of a network interface. See if_nametoindex(3).
---
--- ```lua
--- print(net.if_nametoindex("lo"))
--- ```
---@param name string
---@return integer? index
---@return string? message
---@return string? code `"ENODEV"` when there is none of that name
function net.if_nametoindex(name) end

--- Lists the network interfaces of the machine, in the system's order. See
--- getifaddrs(3).
---
--- Each has `name`; `index`; `flags`, a set such as `{ IFF_UP = true }`; `hwaddr`
--- (`"aa:bb:cc:dd:ee:ff"`) when it has one; and `addresses`, a list of tables with
--- `address`, `netmask`, and `broadcast` or `destination` (the other end of a
--- point-to-point link) when there is one. All of these are address values, with
--- port 0.
---
--- ```lua
--- for _, interface in ipairs(assert(net.interfaces())) do
---   for _, entry in ipairs(interface.addresses) do
---     print(interface.name, entry.address.host)
---   end
--- end
--- ```
---@return table[]? list
---@return string? message
---@return string? code
function net.interfaces() end

--- Makes a listening socket. A port alone is one of the loopback, 127.0.0.1; with
--- `"*"` for a host it is open to all, by IPv4 and IPv6 on the same port, port 0 too.
---
--- For `"*"` this is one IPv6 socket that takes IPv4 as well; where a system has no
--- such sockets (OpenBSD) or no IPv6, it is for IPv4 alone. A name stands for one of
--- its addresses, an IPv4 one if there is any. SO_REUSEADDR is set.
---
--- A unix socket's file stays when the socket is closed: remove it with `os.remove`,
--- or let the next server have it by `unlink`.
---
--- ```lua
--- local listener = assert(net.listen("*:8080"))
--- for conn, peer in listener:accepts() do net.spawn(serve, conn, peer) end
--- ```
---@param where integer|string|dialtone.Address|table # `8080`, `"127.0.0.1:8080"`, `"*:8080"`, `"unix:/run/x"`, an address; or the host, when a port follows
---@param port? integer|string # number, or name of a service
---@param opts? table # `backlog`: how many connections may wait to be accepted (the system's largest); `unlink`: removes the file of a unix socket first if nobody listens there; `family`: `"AF_INET"` or `"AF_INET6"` only; and socket options, such as `reuseport`, `v6only`, or by the manual's names. Other names raise
---@return dialtone.Socket? listening
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"EACCES"`, `"EADDRNOTAVAIL"`, `"EAI_NONAME"`; `"EINVAL"` for what is no address
function net.listen(where, port, opts) end

--- The time on a clock that only goes on: for measuring, not for dates. See
--- clock_gettime(2), CLOCK_MONOTONIC.
---
--- ```lua
--- local start = net.now()
--- ```
---@return number # seconds since some time in the past
function net.now() end

--- Hears of tasks that fail and that nobody waits for, and of what servers have
--- to tell. It is a field to be replaced; this one writes to the standard error.
---
--- ```lua
--- function net.onerror(message) log:write(message, "\n") end
--- ```
---@param message string # with the traceback
---@param task dialtone.Task? # the one that failed; nil: a server could not accept
---@param failure any # what was raised, as it was
function net.onerror(message, task, failure) end

--- Lists the options that getsockopt and setsockopt know by name.
---
--- ```lua
--- for _, option in ipairs(net.options()) do
---   print(option.name, option.type, option.unit)
--- end
--- ```
---@return table[] # for each option `name`; `level` (`"SOL_SOCKET"`); `type` (`"boolean"`, `"integer"`, `"seconds"`, ...); `unit` of the value, where it has one; `access` (`"get"`, `"set"` or `"get, set"`); `systems` that have it; `available`: whether this one does (an old kernel may say `"ENOPROTOOPT"` nevertheless)
function net.options() end

--- Waits until some of many sockets are ready. An entry of the list is an object
--- (to be read from), or `{ object, events }`; an object is a socket, an io file, a
--- descriptor, or anything with a `fileno` method. A closed one is ready with
--- POLLNVAL. See poll(2).
---
--- ```lua
--- for _, ready in ipairs(assert(net.poll({ a, { b, "POLLOUT" } }, 5))) do
---   print(ready[1], ready.POLLIN, ready.POLLOUT)
--- end
--- ```
---@param list table
---@param seconds? number # how long at most; 0 only looks, nil waits for ever
---@return table? # list of `{ object, POLLIN = true, ... }`, for those that are ready, in the list's order
---@return string? message
---@return string? code `"timeout"`, `"ENOMEM"`, `"EINVAL"`
function net.poll(list, seconds) end

--- Prints a value as the prompt does: texts with quotes, small tables opened, with
--- sorted keys; what has a `__tostring`, as that gives it. `nil, message, code`, as
--- calls give them, are printed as one line.
---
--- Raises for an option that there is not.
---
--- ```lua
--- net.pp(net.interfaces(), { depth = 2 })
--- ```
---@param value any
---@param options? table # `depth`: how many tables within each other are opened (4); `items`: how many entries of each (50); `string`: how many bytes of a text (1000); `width`: columns of a line (the terminal's, else 80). Other names raise
function net.pp(value, options) end

--- Makes a queue: tasks put values in at one end and take them out at the other, in
--- the order in which they came.
---
--- ```lua
--- local jobs = net.queue(10)
--- net.spawn(function() for i = 1, 100 do jobs:put(i) end jobs:close() end)
--- ```
---@param capacity? integer # how many values it holds; a put to a full queue waits. Left out: as many as memory holds
---@return dialtone.Queue
function net.queue(capacity) end

--- Runs tasks until all have ended. With a function this is the first of them, and
--- its results are given; if it fails, its error is raised at once.
---
--- Raises what `fn` raised, with its traceback; that tasks are left which only wait
--- for each other.
---
--- ```lua
--- net.run(function() print(net.connect("localhost:80")) end)
--- ```
---@param fn? function
---@param ... any # its arguments
---@return any ... # what `fn` returned
function net.run(fn, ...) end

--- Opens a scope, calls the function with it, and ends when all tasks that were
--- started in it have ended. When one fails, the others are cancelled, and then its
--- error is raised. When the calling task is cancelled, they are cancelled first.
---
--- Raises the first failure, with its traceback.
---
--- ```lua
--- net.scope(function(scope)
---   for _, host in ipairs(hosts) do scope:spawn(check, host) end
--- end)
--- ```
---@param fn function # called with the scope, in a task of its own
---@return any ... # what `fn` returned
function net.scope(fn) end

--- Serves connections: each gets a task of its own, in which the handler is
--- called with the connection and its peer's address. When the handler ends, in
--- whatever way, what it wrote is sent and the connection closed; if it fails,
--- that is reported through `net.onerror`, and concerns no other. The server runs
--- whenever this Lua state waits: `net.run()` at the end of a script.
---
--- ```lua
--- net.serve("127.0.0.1:7000", function(conn)
---   for line in conn:lines() do conn:write(line:upper(), "\n") end
--- end)
--- net.run()
--- ```
---@param where integer|string|dialtone.Address|dialtone.Socket # to listen, as `net.listen` takes it; or a listening socket
---@param handler function
---@param opts? table # `max`: how many connections at once (more wait in the kernel's queue); `timeout`: the connections' time limit for each call, in seconds; and what net.listen takes
---@return dialtone.Server? # with the fields `address` and `listener`
---@return string? message
---@return string? code as of net.listen
function net.serve(where, handler, opts) end

--- Waits for a time. Other tasks go on meanwhile; with 0 each of those that are
--- ready has a turn.
---
--- ```lua
--- net.sleep(0.5)
--- ```
---@param seconds number
---@return true
function net.sleep(seconds) end

--- Makes a socket. It is close-on-exec, never raises SIGPIPE, and sends small
--- pieces at once if it is a TCP one (TCP_NODELAY). See socket(2).
---
--- ```lua
--- local s = assert(net.socket("AF_INET", "SOCK_STREAM"))
--- ```
---@param domain string|integer # `"AF_INET"`, `"AF_INET6"`, `"AF_UNIX"`; on Linux also `"AF_PACKET"`, `"AF_NETLINK"`, `"AF_VSOCK"`
---@param type string|integer # `"SOCK_STREAM"`, `"SOCK_DGRAM"`, `"SOCK_RAW"`, `"SOCK_SEQPACKET"`
---@param protocol? string|integer # `"IPPROTO_ICMP"`, ...; 0 lets the system choose
---@return dialtone.Socket? # a new socket
---@return string? message
---@return string? code such as `"EAFNOSUPPORT"`, `"EPERM"`, `"EMFILE"`
function net.socket(domain, type, protocol) end

--- Makes two sockets that are connected to each other. See socketpair(2).
---
--- ```lua
--- local a, b = assert(net.socketpair())
--- ```
---@param domain? string|integer
---@param type? string|integer
---@param protocol? string|integer
---@return dialtone.Socket? # one end
---@return dialtone.Socket|string # the other end, or the message
---@return string? code such as `"EOPNOTSUPP"`, `"EMFILE"`
function net.socketpair(domain, type, protocol) end

--- Lists the sockets that are open in this Lua state, sorted by descriptor. With
--- `tostring` each says what it is and where it is connected to.
---
--- ```lua
--- for _, s in ipairs(net.sockets()) do print(s) end
--- ```
---@return dialtone.Socket[] list
function net.sockets() end

--- Starts a task: a function that runs beside the others. It begins when the caller
--- next waits (or with `net.run`), and whenever it waits itself, the others go on.
---
--- ```lua
--- local task = net.spawn(function(name) print("hello " .. name) end, "you")
--- ```
---@param fn function
---@param ... any # its arguments, at most 30
---@return dialtone.Task
function net.spawn(fn, ...) end

--- Lets tasks run for one turn: waits until something happens, for `seconds` at
--- most, and serves it. For programs that have a loop of their own: they watch
--- `net.fileno()`, and call this when it is readable and when the time it gave is
--- over.
---
--- ```lua
--- repeat local more = net.step(1) until not more
--- ```
---@param seconds? number # how long to wait at most
---@return boolean # whether there are tasks left
---@return number? # in how many seconds it must be called again though the descriptor is not readable; nil: not before it is
function net.step(seconds) end

--- Lists the tasks that have not ended, in the order in which they were made: also
--- those that servers, scopes and `net.connect` have for themselves. With
--- `tostring` each says where its function stands, and what it waits for.
---
--- ```lua
--- for _, task in ipairs(net.tasks()) do print(task) end
--- ```
---@return dialtone.Task[] list
function net.tasks() end

--- Calls the function, and cancels it when the time is over: whatever it waits
--- for then, and all that it has opened scopes for.
---
--- Raises what `fn` raised, with its traceback.
---
--- ```lua
--- local page, message, code = net.timeout(5, fetch, "example.org")
--- ```
---@param seconds number # how long it may take
---@param fn function # called in a task of its own
---@param ... any # its arguments
---@return any ... # what `fn` returned
function net.timeout(seconds, fn, ...) end

--- Makes a socket for datagrams. A port alone is one of the loopback, 127.0.0.1;
--- with `"*"` for a host it receives from everywhere, by IPv4 and IPv6 on the same
--- port. Without `where` it is for clients: it sends to either family, and the
--- system gives it a port when it first sends. (See `listen` for how `"*"` is done,
--- and what names stand for.)
---
--- ```lua
--- local udp = assert(net.udp("127.0.0.1:9000"))
--- for data, from in udp:datagrams() do udp:sendto(data, from) end
--- ```
---@param where? integer|string|dialtone.Address|table # the local address: `9000`, `"127.0.0.1:9000"`, `"*:9000"`, `"unix:/run/x"`, an address; or the host, when a port follows
---@param port? integer|string # number, or name of a service
---@param opts? table # `peer`: the other end, to be connected to, so that `send` and `recv` will do, others are not heard, and a refusal is noticed; `family`: `"AF_INET"` or `"AF_INET6"` only; `unlink` as for listen; and socket options, such as `broadcast`, `reuseport`, `multicastttl`, or by the manual's names. Other names raise
---@return dialtone.Socket?
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"ENETUNREACH"`, `"EAI_NONAME"`; `"EINVAL"` for what is no address
function net.udp(where, port, opts) end

--- Waits until a descriptor is ready: for other libraries' connections (a database
--- client's), and for pipes.
---
--- ```lua
--- assert(net.wait(connection:socket(), "read"))
--- ```
---@param object dialtone.Socket|file*|integer|table # a socket, an io file, a descriptor, or an object with a `fileno` (or `getfd`) method
---@param direction? string # `"read"` or `"write"`
---@param seconds? number # how long at most
---@return true?
---@return string? message
---@return string? code `"timeout"`, `"EBADF"`, `"busy"` (another task waits for the same socket), `"closed"`
function net.wait(object, direction, seconds) end

return net
