import type { NetNs } from '../netns/netns.ts';
import { connect } from './connect.ts';
import { createSocket } from './datagram.ts';
import { hostsOf, resolvConfOf } from './resolv-conf.ts';
import { Resolver } from './resolver.ts';

const resolvers = new WeakMap<NetNs, Resolver>();

/** What looks names up inside a namespace, by its servers and over its links. */
export function resolverOf(ns: NetNs): Resolver {
  let resolver = resolvers.get(ns);
  if (resolver === undefined) {
    resolver = new Resolver({
      udp: (type) => createSocket(ns, type),
      tcp: (host, port) => connect(ns, { host, port }),
      resolvConf: () => resolvConfOf(ns.name),
      hosts: () => hostsOf(ns.name),
    });
    resolvers.set(ns, resolver);
  }
  return resolver;
}
