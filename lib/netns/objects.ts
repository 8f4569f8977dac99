import type { CallOptions, Dev } from '../netlink/request.ts';
import { type Address, type AddressFilter, address } from '../rtnetlink/address/api.ts';
import { trafficClass } from '../rtnetlink/class/api.ts';
import { fdb } from '../rtnetlink/fdb/api.ts';
import { filter } from '../rtnetlink/filter/api.ts';
import { link } from '../rtnetlink/link/api.ts';
import { mdb } from '../rtnetlink/mdb/api.ts';
import { neighbour } from '../rtnetlink/neighbour/api.ts';
import { netconf } from '../rtnetlink/netconf/api.ts';
import { nexthop } from '../rtnetlink/nexthop/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import { qdisc } from '../rtnetlink/qdisc/api.ts';
import { route } from '../rtnetlink/route/api.ts';
import { rule } from '../rtnetlink/rule/api.ts';
import { vlan } from '../rtnetlink/vlan/api.ts';
import { vni } from '../rtnetlink/vni/api.ts';
import { asyncFaces, type Face, type Speaker, type SyncFace, syncFaces } from './faces.ts';
import type { Peer } from './peer.ts';

/** The kernel's objects that a namespace holds, each with its operations. */
const MAKERS = {
  link,
  address,
  route,
  rule,
  neighbour,
  nexthop,
  nsid,
  fdb,
  mdb,
  vlan,
  vni,
  qdisc,
  trafficClass,
  filter,
  netconf,
};

type Makers = typeof MAKERS;

/** What needs the namespace itself, beyond requests. */
interface Extras {
  link: {
    /** The other end of a veth or netkit pair, wherever it is. Its `netns` is the caller's to close. */
    peer(dev: Dev): Promise<Peer>;
  };
  address: {
    /**
     * Resolves when none of the addresses that the filter lets through is tentative any more, with
     * these addresses: from then on they can be bound and answer. EADDRINUSE when another host was
     * found to have one (`dadFailed`), EADDRNOTAVAIL when there is none. A link that is down or has
     * no carrier keeps its IPv6 addresses tentative: give a timeout or a signal.
     */
    waitReady(filter: AddressFilter, options?: CallOptions): Promise<Address[]>;
  };
}

type ExtrasOf<K> = K extends keyof Extras ? Extras[K] : unknown;

/** `ns.link`, `ns.address`, …: each operation asynchronously. */
export type AsyncObjects = { readonly [K in keyof Makers]: Face<Makers[K]> & ExtrasOf<K> };
/** `ns.sync.link`, …: each operation at once, on the calling thread. */
export type SyncObjects = { readonly [K in keyof Makers]: SyncFace<Makers[K]> };

/** Gives `holder` a property for each object, made for a namespace when it is first read. */
function define(
  holder: object,
  faces: (makers: object) => (speaker: Speaker) => object,
  speakerOf: (self: object) => Speaker,
  extras: (name: string, speaker: Speaker) => object,
): void {
  for (const [name, makers] of Object.entries(MAKERS)) {
    const make = faces(makers);
    Object.defineProperty(holder, name, {
      configurable: true,
      get(this: object) {
        const speaker = speakerOf(this);
        const value = Object.assign(make(speaker), extras(name, speaker));
        Object.defineProperty(this, name, { value });
        return value;
      },
    });
  }
}

/** Adds the asynchronous faces to a class of speakers, with what `extras` has for some of them. */
export function defineObjects<S extends Speaker>(
  prototype: S,
  extras: { [K in keyof Extras]: (speaker: S) => Extras[K] },
): void {
  const all: Record<string, (speaker: S) => object> = extras;
  define(
    prototype,
    asyncFaces,
    (self) => self as Speaker,
    (name, speaker) => all[name]?.(speaker as S) ?? {},
  );
}

const syncPrototype = {};
define(
  syncPrototype,
  syncFaces,
  (self) => (self as { speaker: Speaker }).speaker,
  () => ({}),
);

export function syncObjects(speaker: Speaker): SyncObjects {
  return Object.create(syncPrototype, { speaker: { value: speaker } }) as SyncObjects;
}
