import dgram from 'node:dgram';
import dns, { type LookupOptions } from 'node:dns';
import { readdirSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { promisify } from 'node:util';
import { callbackLookup, lookup } from './lookup.ts';
import { hostsOf, resolvConfOf } from './resolv-conf.ts';
import { Resolver } from './resolver.ts';

/**
 * Runs in each NetNsWorker before its own code. What asks for names there would do so on a thread
 * of libuv's pool, outside of the namespace; from here on it is asked for on this thread.
 */

const RUN_DIR = '/run/netns';

/** The name of the namespace that this thread was born in, if it has one. */
function ownName(): string | undefined {
  try {
    const { ino, dev } = statSync('/proc/thread-self/ns/net');
    return readdirSync(RUN_DIR).find((name) => {
      const found = statSync(`${RUN_DIR}/${name}`, { throwIfNoEntry: false });
      return found?.ino === ino && found.dev === dev;
    });
  } catch {
    return undefined; // nobody has made names yet
  }
}

const name = ownName();

const resolver = new Resolver({
  udp: (type) => dgram.createSocket(type),
  tcp: (host, port) =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host, port });
      socket.once('connect', () => resolve(socket));
      socket.once('error', reject);
    }),
  resolvConf: () => resolvConfOf(name),
  hosts: () => hostsOf(name),
});

const inside = callbackLookup(resolver);
const promised = (hostname: string, options?: LookupOptions | number) =>
  lookup(resolver, hostname, typeof options === 'number' ? { family: options } : options);
Object.defineProperty(inside, promisify.custom, { value: promised });

function lookupService(): never {
  throw Object.assign(
    new Error('dns.lookupService asks outside of the namespace that this worker is in'),
    {
      code: 'ENOTSUP',
      syscall: 'getnameinfo',
    },
  );
}

Object.assign(dns, { lookup: inside, lookupService });
Object.assign(dns.promises, { lookup: promised, lookupService: async () => lookupService() });
try {
  dns.setServers(resolvConfOf(name).servers);
} catch {
  // One that only this file's own resolver takes, an address with a link.
}
syncBuiltinESMExports();
