-- The rock.  spec/architecture_spec.lua compares the lists of files with what is
-- there; the two *_fault.c belong to the test build.
rockspec_format = "3.0"
package = "dialtone"
version = "scm-1"

source = {
  url = "git+https://github.com/dialtone-lua/dialtone.git",
}

description = {
  summary = "The operating system's sockets for Lua",
  detailed = [[
    The Berkeley calls with the manual pages' own names, constants and error
    names: IPv4, IPv6, Unix, UDP, raw, packet and netlink sockets, time limits,
    control messages, descriptor passing, and socket options by name.]],
  homepage = "https://github.com/dialtone-lua/dialtone",
  license = "MIT",
  labels = { "network", "socket", "tcp", "udp", "unix" },
}

supported_platforms = { "unix" }

dependencies = { "lua >= 5.1, < 5.6" }

build = {
  type = "builtin",
  modules = {
    ["dialtone.core"] = {
      incdirs = { "csrc" },
      libraries = { "pthread" },
      sources = {
        "csrc/address.c", "csrc/address_argument.c", "csrc/address_parse.c",
        "csrc/ancillary_in.c", "csrc/ancillary_out.c", "csrc/argument.c",
        "csrc/await.c", "csrc/buffer.c", "csrc/clock.c", "csrc/constant.c",
        "csrc/control.c", "csrc/core.c", "csrc/cstack.c", "csrc/cursor.c",
        "csrc/descriptor.c",
        "csrc/error.c", "csrc/fork.c", "csrc/glue.c", "csrc/host.c",
        "csrc/interrupt.c", "csrc/iofile.c", "csrc/lineeditor.c",
        "csrc/lookup.c", "csrc/loop.c",
        "csrc/message.c", "csrc/message_table.c", "csrc/mod_address.c", "csrc/mod_connect.c",
        "csrc/mod_constant.c", "csrc/mod_copy.c", "csrc/mod_descriptor.c", "csrc/mod_interface.c",
        "csrc/mod_many.c", "csrc/mod_message.c", "csrc/mod_option.c", "csrc/mod_poll.c",
        "csrc/mod_queue.c", "csrc/mod_resolver.c", "csrc/mod_sendfile.c", "csrc/mod_socket.c",
        "csrc/mod_stream.c", "csrc/mod_task.c", "csrc/mod_tcpinfo.c", "csrc/mod_terminal.c",
        "csrc/mod_transfer.c", "csrc/mod_write.c", "csrc/option_ip.c",
        "csrc/option_ipv6.c", "csrc/option_link.c", "csrc/option_socket.c",
        "csrc/option_transport.c", "csrc/optiongroup.c", "csrc/optionstruct.c",
        "csrc/optiontable.c", "csrc/optionvalue.c", "csrc/pipe.c", "csrc/poller.c",
        "csrc/poller_epoll.c", "csrc/poller_kqueue.c", "csrc/poller_poll.c",
        "csrc/resolver.c", "csrc/runner.c", "csrc/search.c", "csrc/slots.c", "csrc/socket.c", "csrc/stream.c",
        "csrc/sys.c", "csrc/task.c", "csrc/taskinfo.c", "csrc/tcpinfo.c", "csrc/timer.c",
        "csrc/ttymode.c", "csrc/yieldable.c",
      },
    },
    ["dialtone"] = "lua/dialtone/init.lua",
    ["dialtone.scope"] = "lua/dialtone/scope.lua",
    ["dialtone.serve"] = "lua/dialtone/serve.lua",
    ["dialtone.arguments"] = "lua/dialtone/arguments.lua",
    ["dialtone.bound"] = "lua/dialtone/bound.lua",
    ["dialtone.command"] = "lua/dialtone/command.lua",
    ["dialtone.connect"] = "lua/dialtone/connect.lua",
    ["dialtone.handshake"] = "lua/dialtone/handshake/init.lua",
    ["dialtone.handshake.capture"] = "lua/dialtone/handshake/capture.lua",
    ["dialtone.handshake.command"] = "lua/dialtone/handshake/command.lua",
    ["dialtone.handshake.diag"] = "lua/dialtone/handshake/diag.lua",
    ["dialtone.handshake.filter"] = "lua/dialtone/handshake/filter.lua",
    ["dialtone.handshake.details"] = "lua/dialtone/handshake/details.lua",
    ["dialtone.handshake.feed"] = "lua/dialtone/handshake/feed.lua",
    ["dialtone.handshake.html"] = "lua/dialtone/handshake/html.lua",
    ["dialtone.handshake.http"] = "lua/dialtone/handshake/http.lua",
    ["dialtone.handshake.json"] = "lua/dialtone/handshake/json.lua",
    ["dialtone.handshake.live"] = "lua/dialtone/handshake/live.lua",
    ["dialtone.handshake.liveplayer"] = "lua/dialtone/handshake/liveplayer.lua",
    ["dialtone.handshake.model"] = "lua/dialtone/handshake/model.lua",
    ["dialtone.handshake.namespace"] = "lua/dialtone/handshake/namespace.lua",
    ["dialtone.handshake.native"] = "lua/dialtone/handshake/native.lua",
    ["dialtone.handshake.packet"] = "lua/dialtone/handshake/packet.lua",
    ["dialtone.handshake.player"] = "lua/dialtone/handshake/player.lua",
    ["dialtone.handshake.recorder"] = "lua/dialtone/handshake/recorder.lua",
    ["dialtone.handshake.scene"] = "lua/dialtone/handshake/scene.lua",
    ["dialtone.handshake.sheet"] = "lua/dialtone/handshake/sheet.lua",
    ["dialtone.handshake.style"] = "lua/dialtone/handshake/style.lua",
    ["dialtone.handshake.svg"] = "lua/dialtone/handshake/svg.lua",
    ["dialtone.handshake.text"] = "lua/dialtone/handshake/text.lua",
    ["dialtone.handshake.wire"] = "lua/dialtone/handshake/wire.lua",
    ["dialtone.help"] = "lua/dialtone/help.lua",
    ["dialtone.help_data"] = "lua/dialtone/help_data.lua",
    ["dialtone.handshake.xml"] = "lua/dialtone/handshake/xml.lua",
    ["dialtone.listen"] = "lua/dialtone/listen.lua",
    ["dialtone.options"] = "lua/dialtone/options.lua",
    ["dialtone.place"] = "lua/dialtone/place.lua",
    ["dialtone.pp"] = "lua/dialtone/pp.lua",
    ["dialtone.prompt"] = "lua/dialtone/prompt/init.lua",
    ["dialtone.prompt.complete"] = "lua/dialtone/prompt/complete.lua",
    ["dialtone.prompt.evaluate"] = "lua/dialtone/prompt/evaluate.lua",
    ["dialtone.prompt.history"] = "lua/dialtone/prompt/history.lua",
    ["dialtone.prompt.input"] = "lua/dialtone/prompt/input.lua",
    ["dialtone.prompt.output"] = "lua/dialtone/prompt/output.lua",
    ["dialtone.race"] = "lua/dialtone/race.lua",
    ["dialtone.traceback"] = "lua/dialtone/traceback.lua",
    ["dialtone.udp"] = "lua/dialtone/udp.lua",
  },
  install = { bin = { dialtone = "lua/dialtone/main.lua" } },
  platforms = { -- dlopen(3) is in a library of its own there, or was
    linux = { modules = { ["dialtone.core"] = { libraries = { "pthread", "dl" } } } },
  },
  copy_directories = { "doc", "examples" },
}
