{
  "targets": [
    {
      "target_name": "netns",
      "sources": [
        "native/addon.cc",
        "native/calls.cc",
        "native/delivery.cc",
        "native/device.cc",
        "native/dump.cc",
        "native/environment.cc",
        "native/exchange.cc",
        "native/executor.cc",
        "native/files.cc",
        "native/holder.cc",
        "native/holdercalls.cc",
        "native/lane.cc",
        "native/lookup.cc",
        "native/mount.cc",
        "native/netlink.cc",
        "native/netns.cc",
        "native/owned.cc",
        "native/packet.cc",
        "native/plan.cc",
        "native/poll.cc",
        "native/pool.cc",
        "native/process.cc",
        "native/result.cc",
        "native/rights.cc",
        "native/segment.cc",
        "native/socketcalls.cc",
        "native/sockets.cc"
      ],
      "include_dirs": ["<!@(node -p \"require('node-addon-api').include\")"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "_GNU_SOURCE"
      ],
      "cflags": ["-fvisibility=hidden", "-Wall", "-Wextra", "-O2"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"]
    },
    {
      "target_name": "netns-launcher",
      "type": "executable",
      "sources": ["native/launcher.cc"],
      "defines": ["_GNU_SOURCE"],
      "cflags": ["-Wall", "-Wextra", "-O2"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fexceptions"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti"],
      "ldflags": ["-static-libgcc", "-static-libstdc++"]
    }
  ]
}
