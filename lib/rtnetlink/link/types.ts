import type { Infer, UnknownAttribute } from '../../wire/schema.ts';
import type { xdp } from './afspec.ts';
import type { AddrGenMode, HardwareType, LinkFlag, OperState } from './constants.ts';
import type { KindTables, PortTables } from './kinds/index.ts';
import type { LinkStatistics } from './statistics.ts';
import type { vfInfo } from './vf.ts';

/** What every link has, as it is read. Where a property may be missing, the kernel told nothing. */
export interface LinkState {
  index: number;
  name: string;
  /** Hardware type (ARPHRD_*) by iproute2's name, or its number. */
  type: HardwareType | number;
  /** By iproute2's words: 'UP', 'LOWER_UP', 'NO-CARRIER', … Shared between links: not to be changed. */
  flags: readonly LinkFlag[];
  /** IFF_UP: set up by its administrator. */
  up: boolean;
  /** IFF_LOWER_UP: something is at the other end of the wire. */
  lowerUp: boolean;
  promisc: boolean;
  allMulticast: boolean;
  arp: boolean;
  multicast: boolean;
  /** Bytes. */
  mtu: number;
  /** Bytes (since 4.19). */
  minMtu: number;
  /** Bytes; 0 is no limit (since 4.19). */
  maxMtu: number;
  /** Hardware address; an IP address for tunnels over IP. */
  address: string | undefined;
  broadcast: string | undefined;
  permanentAddress?: string;
  /** RFC 2863. */
  operState: OperState | number;
  linkMode: 'default' | 'dormant' | 'testing' | number;
  carrier: boolean;
  carrierChanges: number;
  carrierUpCount?: number;
  carrierDownCount?: number;
  /** The ifindex of the link below, or of the other end of a pair. */
  link?: number;
  /** The id of the namespace in which `link` is, where it is another one. */
  linkNetnsId?: number;
  /** The ifindex of the bridge, bond or VRF it is a port of. */
  master?: number;
  group: number;
  qdisc: string;
  /** Packets. */
  txQueueLen: number;
  numTxQueues: number;
  numRxQueues: number;
  /** How many times promiscuous mode was asked for. */
  promiscuity: number;
  /** How many times all multicast was asked for (since 6.0). */
  allMultiCount: number;
  /** Bytes. */
  gsoMaxSize: number;
  gsoMaxSegs: number;
  /** Bytes. */
  groMaxSize?: number;
  /** Bytes. */
  gsoIpv4MaxSize?: number;
  /** Bytes. */
  groIpv4MaxSize?: number;
  /** Bytes. */
  tsoMaxSize?: number;
  tsoMaxSegs?: number;
  headroom?: number;
  tailroom?: number;
  maxPacingOffloadHorizon?: number;
  alias?: string;
  altNames?: string[];
  addrGenMode?: AddrGenMode | number;
  /** The lower half of addresses from router advertisements, where one is set. */
  token?: string;
  protoDown: boolean;
  /** Bits of reasons, where there are any. */
  protoDownReason?: number;
  /** The program for XDP, where there is one. */
  xdp?: Infer<typeof xdp>;
  netnsImmutable?: boolean;
  parentDev?: string;
  parentBus?: string;
  physPortId?: string;
  physPortName?: string;
  physSwitchId?: string;
  numVf?: number;
  vfInfo?: Infer<typeof vfInfo>[];
  map?: {
    memStart?: number;
    memEnd?: number;
    baseAddr?: number;
    irq?: number;
    dma?: number;
    port?: number;
  };
  /** IFLA_PROTINFO, as it is. */
  protInfo?: Uint8Array;
  /** IFLA_DEVLINK_PORT, as it is. */
  devlinkPort?: Uint8Array;
  /** In events: what happened. */
  event?: string | number;
  /** In events: where the link went. */
  newNetnsId?: number;
  newIndex?: number;
  targetNetnsId?: number;
  /** When asked for. */
  statistics?: Partial<LinkStatistics>;
  /** IFLA_INFO_XSTATS, as it is. */
  xstats?: Uint8Array;
  /** As a port of its master: settings and state, by the master's kind. */
  port?: PortValues;
  /** Attributes newer than this library. */
  unknown?: UnknownAttribute[];
}

/** The link's own attributes, by kind. */
export type KindValues = {
  [K in keyof KindTables]: { kind: K; data?: Infer<KindTables[K]>; rawData?: undefined };
}[keyof KindTables];

/** A link without a kind (hardware, lo), or of a kind that this library has no table for. */
export interface OtherKindValues {
  kind: undefined | (string & Record<never, never>);
  data?: undefined;
  /** IFLA_INFO_DATA's payload, as it is. */
  rawData?: Uint8Array;
}

/** A port's settings and state, by the kind of its master. */
export type PortValues = {
  [K in keyof PortTables]: { kind: K } & Infer<PortTables[K]>;
}[keyof PortTables];

/** A link as the kernel has it. `kind` tells what `data` is. */
export type Link = LinkState & (KindValues | OtherKindValues);
