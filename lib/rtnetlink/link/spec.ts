import type { Dev, NetNsRef } from '../../netlink/request.ts';
import type { Settable, Table } from '../../wire/schema.ts';
import type { xdp } from './afspec.ts';
import type { AddrGenMode, OperState } from './constants.ts';
import type { KindTables, PortTables } from './kinds/index.ts';
import type { NsId } from './netns.ts';

/** What any link may be told, whatever its kind. */
export interface LinkSettings {
  /** 1 to 15 bytes. The kernel chooses one ('veth0') unless given. IFLA_IFNAME */
  name?: string;
  /** IFF_UP */
  up?: boolean;
  /** Hardware address: '02:00:00:00:00:01'. IFLA_ADDRESS */
  address?: string;
  /** Hardware broadcast address. IFLA_BROADCAST */
  broadcast?: string;
  /** Bytes. IFLA_MTU */
  mtu?: number;
  /** Packets. IFLA_TXQLEN */
  txQueueLen?: number;
  /** A number or a name of iproute2's `group` file. IFLA_GROUP */
  group?: number | string;
  /** The bridge, bond or VRF it is a port of; `null` in `set` releases it. IFLA_MASTER */
  master?: Dev | null;
  /** At most 255 bytes of text that explain the link. IFLA_IFALIAS */
  alias?: string;
  /** IFF_PROMISC: receives what is for others. */
  promisc?: boolean;
  /** IFF_ALLMULTI: receives all multicast. */
  allMulticast?: boolean;
  /** Absence of IFF_NOARP. */
  arp?: boolean;
  /** IFF_MULTICAST */
  multicast?: boolean;
  /** IFF_DYNAMIC: addresses go when the link goes down. */
  dynamic?: boolean;
  /** Where its first IPv6 addresses come from. IFLA_INET6_ADDR_GEN_MODE */
  addrGenMode?: AddrGenMode;
  /** The lower half of addresses from router advertisements: '::1:2:3:4'. IFLA_INET6_TOKEN */
  token?: string;
  /** IFLA_CARRIER, for kinds that let it be set (dummy, tun, …). */
  carrier?: boolean;
  /** RFC 2863. IFLA_OPERSTATE */
  operState?: OperState | number;
  /** IFLA_LINKMODE */
  linkMode?: 'default' | 'dormant' | 'testing' | number;
  /** Bytes. IFLA_GSO_MAX_SIZE */
  gsoMaxSize?: number;
  /** IFLA_GSO_MAX_SEGS */
  gsoMaxSegs?: number;
  /** Bytes. IFLA_GRO_MAX_SIZE (since 5.19) */
  groMaxSize?: number;
  /** Bytes. IFLA_GSO_IPV4_MAX_SIZE (since 6.3) */
  gsoIpv4MaxSize?: number;
  /** Bytes. IFLA_GRO_IPV4_MAX_SIZE (since 6.3) */
  groIpv4MaxSize?: number;
  /** IFLA_PROTO_DOWN */
  protoDown?: boolean;
  /** Why protoDown: bits of `value` under `mask`. IFLA_PROTO_DOWN_REASON (since 5.9) */
  protoDownReason?: { mask?: number; value?: number };
  /** A program for XDP, by descriptor. IFLA_XDP */
  xdp?: Settable<(typeof xdp)['shape']>;
  /** Settings as a port of its master. */
  port?: PortSpec;
}

/** What is settled when a link is made. */
export interface LinkBirth extends LinkSettings {
  /**
   * The ifindex to have; the kernel chooses unless given. With `netns`, kernels before 6.15 want it
   * to be free in the namespace that is asked as well.
   */
  index?: number;
  /** The link below, for kinds that stand on one. IFLA_LINK */
  link?: Dev;
  /** The namespace in which `link` is, by its id. IFLA_LINK_NETNSID */
  linkNetnsId?: number;
  /** Transmit queues; 1 for pairs unless given. IFLA_NUM_TX_QUEUES */
  numTxQueues?: number;
  /** Receive queues; 1 for pairs unless given. IFLA_NUM_RX_QUEUES */
  numRxQueues?: number;
  /** The namespace it is born in. IFLA_NET_NS_FD, IFLA_NET_NS_PID, IFLA_TARGET_NETNSID */
  netns?: NetNsRef | NsId;
  /** Further names, at most 127 bytes each (since 5.5). IFLA_ALT_IFNAME */
  altNames?: string[];
}

/** The other end of a veth or netkit pair. */
export interface PeerSpec extends Omit<LinkBirth, 'netns' | 'link' | 'linkNetnsId'> {
  /** The namespace the peer is born in. */
  netns?: NetNsRef;
}

type SettableOf<T> = T extends Table<infer S> ? Settable<S> : never;

/** A kind's own attributes, flat beside the shared ones. */
export type KindSpec = {
  [K in keyof KindTables]: { kind: K } & SettableOf<KindTables[K]>;
}[keyof KindTables];

/** A kind this library has no table for: it may have raw attributes (IFLA_INFO_DATA's payload). */
export interface OtherKindSpec {
  kind: string & Record<never, never>;
  data?: Uint8Array;
}

/** A link to be made. */
export type LinkSpec = LinkBirth & (KindSpec | OtherKindSpec);

/** What may change on a link. A kind's own attributes need its `kind` beside them. */
export type LinkChanges = LinkSettings & {
  /** Moves the link to a namespace. Slow: the kernel waits a grace period (some 30 ms) and everybody with it. */
  netns?: NetNsRef | NsId;
  /** The ifindex to have in the new namespace (since 5.12). IFLA_NEW_IFINDEX */
  newIndex?: number;
  link?: Dev;
  numTxQueues?: number;
  numRxQueues?: number;
} & (KindSpec | OtherKindSpec | { kind?: undefined });

/** Settings of a port, by the kind of its master; a bridge's unless told. */
export type PortSpec =
  | ({ kind?: 'bridge' } & SettableOf<PortTables['bridge']>)
  | {
      [K in keyof PortTables]: { kind: K } & SettableOf<PortTables[K]>;
    }[keyof PortTables];
