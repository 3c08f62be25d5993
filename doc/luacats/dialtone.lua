---@meta dialtone

-- Made by doc/build from the comments in the sources: change those.

--- The options known by name; see options.md.
---@alias dialtone.Option
---| "SO_KEEPALIVE"
---| "IP_TTL"

--- A socket address: a value that does not change.
---
--- `==` compares two of them by value, `..` joins one with texts, and `tostring`
--- gives the text that `address` and every call that wants an address take:
--- `127.0.0.1:80`, `[::1]:80`, `[fe80::1%eth0]:80`, `unix:/run/x`,
--- `unix:@abstract`, `unix:` (a unix socket without a name),
--- `packet:eth0/ETH_P_IP`, `netlink:0/1`, `vsock:2:1024`. As a key of a table use
--- the text: two equal values are two keys.
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
---@return boolean? true
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EACCES"`; `"EINVAL"` for what is no address
function socket:bind(address, port) end

--- Closes the socket. Closing one that is closed is no failure. Where close(2)
--- reports an error, the descriptor is gone all the same.
---@return boolean? true
---@return string? message
---@return string? code such as `"EIO"`
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
---@return boolean? true
---@return string? message
---@return string? code such as `"ECONNREFUSED"`, `"ETIMEDOUT"` (the kernel's own patience ended), `"timeout"` (ours), `"ENETUNREACH"`, `"EHOSTUNREACH"`, `"EADDRINUSE"`, `"EADDRNOTAVAIL"`, `"EISCONN"`; with settimeout(0) `"EINPROGRESS"`, then `"EALREADY"`; `"EINVAL"` for what is no address
function socket:connect(address, port) end

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

--- The bound that settimeout has set.
---@return number? # seconds, nil for none
---@return string? message
---@return string? code `"closed"`
function socket:gettimeout() end

--- Makes the socket a listener. On Linux, `backlog` bounds the connections that
--- the kernel has completed and nobody has accepted yet; the system's own bound
--- (net.core.somaxconn) cuts it in silence. See listen(2).
---@param backlog? integer # the system's largest when left out
---@return boolean? true
---@return string? message
---@return string? code such as `"EADDRINUSE"`, `"EOPNOTSUPP"`
function socket:listen(backlog) end

--- The socket's protocol, as the kernel says.
---@return (string|integer)? # `"IPPROTO_TCP"`, ... for the internet families, a number for others
---@return string? message
---@return string? code `"closed"`
function socket:protocol() end

--- Receives what is there, at most `size` bytes; waits for something. From a
--- datagram socket it takes one datagram, and cuts it to `size`. See recv(2).
---
--- ```lua
--- local data = assert(s:recv(4096))
--- ```
---@param size integer # how many bytes at most
---@param ... string|integer # flags, such as `"MSG_PEEK"`, `"MSG_WAITALL"`, `"MSG_DONTWAIT"`
---@return string? # data; a datagram of no bytes is `""`
---@return string? message
---@return string? code `"eof"` at the end of a stream, `"timeout"`, `"ECONNRESET"`, `"ECONNREFUSED"` (an earlier datagram was refused), ...
function socket:recv(size, ...) end

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

--- Sends a file, or a part of it, from where it stands; waits until all of it has
--- gone, or the file ends. A file without positions (a pipe) is read and sent in
--- pieces. See sendfile(2).
---
--- ```lua
--- local sent = assert(s:sendfile(assert(io.open("page.html", "rb"))))
--- ```
---@param file file*|integer # an io file, a descriptor, or an object with a `fileno` method
---@param offset? integer # where to begin, in bytes; left out: at the file's position, which moves on
---@param count? integer # how many bytes at most; left out: to the end
---@return integer? # bytes sent
---@return string? message
---@return string? code as for send, and what read(2) says
---@return integer? # bytes sent before the failure
function socket:sendfile(file, offset, count) end

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

--- Bounds how long each call on this socket may take as a whole; a call that runs
--- out of time fails with `"timeout"`. With 0 no call waits, and each fails as the
--- kernel fails it: `"EAGAIN"`, connect with `"EINPROGRESS"`.
---@param seconds? number # nil: no bound, as at the start
---@return boolean? true
---@return string? message
---@return string? code `"closed"`
function socket:settimeout(seconds) end

--- Ends one or both directions of a connection. See shutdown(2).
---@param how string|integer # `"SHUT_RD"`, `"SHUT_WR"` or `"SHUT_RDWR"`
---@return boolean? true
---@return string? message
---@return string? code such as `"ENOTCONN"`
function socket:shutdown(how) end

--- The socket's type.
---@return string? # `"SOCK_STREAM"`, ...; a number when it has no name here
---@return string? message
---@return string? code `"closed"`
function socket:type() end

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

return net
