# attach.ts's contestant: the same attach by pyroute2, in one process that has all loaded.
#   python3 attach_pyroute2.py N   whole attaches to bench0, all kept until the end: one line of JSON
import json
import os
import sys
import time

from pyroute2 import IPRoute, NetNS, netns

count = int(sys.argv[1])
names = [f"py-{os.getpid()}-{i}" for i in range(count)]
samples = []
with IPRoute() as host:
    bridge = host.link_lookup(ifname="bench0")[0]
    for i, name in enumerate(names):
        begun = time.monotonic_ns()
        netns.create(name)
        host.link("add", ifname=f"y{i}", kind="veth", master=bridge, state="up",
                  peer={"ifname": "eth0", "net_ns_fd": name})
        with NetNS(name) as inside:
            inside.link("set", index=1, state="up")
            eth0 = inside.link_lookup(ifname="eth0")[0]
            inside.link("set", index=eth0, state="up")
            inside.addr("add", index=eth0, address=f"10.88.9.{i + 2}", prefixlen=16)
            inside.route("add", dst="default", gateway="10.88.0.1")
        samples.append(time.monotonic_ns() - begun)
    for i, name in enumerate(names):
        host.link("del", ifname=f"y{i}")
        netns.remove(name)
print(json.dumps({"samples": samples}))
