import { boolean, checkKeys, device, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Replies } from '../../netlink/replies.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import type { Infer, Settable } from '../../wire/schema.ts';
import { AF_BRIDGE } from '../families.ts';
import { change, NETLINK_ROUTE } from '../requests.ts';
import {
  BRIDGE_FLAGS_MASTER,
  BRIDGE_FLAGS_SELF,
  BRIDGE_VLANDB_DUMPF_GLOBAL,
  BRIDGE_VLANDB_DUMPF_STATS,
  RTEXT_FILTER_BRVLAN_COMPRESSED,
  RTM_GETVLAN,
  RTM_NEWVLAN,
} from './constants.ts';
import {
  bridgeLinkMessage,
  bridgeLinkTable,
  vlanDumpTable,
  type vlanGlobalTable,
  vlanMessage,
  vlanTable,
} from './schema.ts';
import {
  checkVlan,
  checkVlanKey,
  OPTION_KEYS,
  type Vlan,
  type VlanGlobal,
  type VlanKey,
  type VlanOptions,
  type VlanSpec,
  type VlanState,
  type VlanTunnel,
} from './spec.ts';

export type {
  Vlan,
  VlanGlobal,
  VlanKey,
  VlanOptions,
  VlanSpec,
  VlanState,
  VlanTunnel,
} from './spec.ts';

/** linux/rtnetlink.h: with AF_BRIDGE these are about a bridge's port. */
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;

const LINK_SCHEMA = { header: bridgeLinkMessage.size, table: bridgeLinkTable };
const VLAN_SCHEMA = { header: vlanMessage.size, table: vlanTable };
const DUMP_SCHEMA = { header: vlanMessage.size, table: vlanDumpTable };

/** Range ends are told by two elements, each with its flag. */
function ranged<T>(key: VlanKey, make: (vid: number, ends: object) => T): T[] {
  if (key.vidEnd === undefined || key.vidEnd === key.vid) return [make(key.vid, {})];
  return [make(key.vid, { rangeBegin: true }), make(key.vidEnd, { rangeEnd: true })];
}

function writeOld(m: Messages, type: number, syscall: string, spec: VlanSpec): void {
  m.begin(type, 0, syscall, LINK_SCHEMA);
  m.writer.u8(AF_BRIDGE);
  m.writer.zeros(3);
  m.linkIndex(spec.dev);
  m.writer.zeros(8);
  const whose = (spec.self ? BRIDGE_FLAGS_SELF : 0) | (spec.master ? BRIDGE_FLAGS_MASTER : 0);
  const { tunnelId } = spec;
  const vlans =
    tunnelId === undefined
      ? ranged(spec, (vid, ends) => ({
          flags: { pvid: spec.pvid ?? false, untagged: spec.untagged ?? false, ...ends },
          vid,
        }))
      : undefined;
  const tunnels =
    tunnelId === undefined
      ? undefined
      : ranged(spec, (vid, flags) => ({ id: tunnelId + vid - spec.vid, vid, flags }));
  bridgeLinkTable.encode(
    m.writer,
    { spec: { flags: whose === 0 ? undefined : whose, vlans, tunnels } },
    'vlan',
  );
  m.end();
}

/** Which port, or which bridge, a list is for; the library filters. */
export interface VlanFilter {
  dev?: Dev;
}

function checkFilter(filter: VlanFilter): (ifindex: number, name: string | undefined) => boolean {
  object('filter', filter);
  checkKeys('filter', filter, new Set(['dev']));
  const { dev } = filter;
  if (dev !== undefined) device('filter.dev', dev);
  return (ifindex, name) => dev === undefined || dev === ifindex || dev === name;
}

type Read<T> = (dev: number, link: Infer<typeof bridgeLinkTable>) => T[];

function listOld<T>(operation: string, filter: VlanFilter, pick: Read<T>): Request<T[]> {
  const wanted = checkFilter(filter);
  return {
    operation,
    family: NETLINK_ROUTE,
    write(m) {
      m.begin(RTM_GETLINK, NLM_F_DUMP, 'RTM_GETLINK', LINK_SCHEMA);
      m.writer.u8(AF_BRIDGE);
      m.writer.zeros(bridgeLinkMessage.size - 1);
      bridgeLinkTable.encode(m.writer, { extMask: RTEXT_FILTER_BRVLAN_COMPRESSED }, 'filter');
      m.end();
    },
    read(r) {
      const found: T[] = [];
      while (r.next()) {
        const header = bridgeLinkMessage.read(r.bytes, r.view, r.from, r.to - r.from);
        const link = bridgeLinkTable.decode(r.bytes, r.view, r.from + bridgeLinkMessage.size, r.to);
        if (wanted(header.ifindex, link.name)) found.push(...pick(header.ifindex, link));
      }
      return found;
    },
  };
}

/** Joins what two elements tell of a range. */
function joined<E, T>(
  elements: readonly E[],
  flagsOf: (element: E) => { rangeBegin?: boolean; rangeEnd?: boolean } | undefined,
  make: (element: E, last: E) => T,
): T[] {
  const out: T[] = [];
  let begun: E | undefined;
  for (const element of elements) {
    const flags = flagsOf(element);
    if (flags?.rangeBegin) begun = element;
    else if (flags?.rangeEnd && begun !== undefined) {
      out.push(make(begun, element));
      begun = undefined;
    } else out.push(make(element, element));
  }
  return out;
}

const readVlans: Read<Vlan> = (dev, link) =>
  joined(
    link.spec?.vlans ?? [],
    (vlan) => vlan.flags,
    (first, last) => {
      const vlan: Vlan = {
        dev,
        vid: first.vid,
        pvid: first.flags.pvid ?? false,
        untagged: first.flags.untagged ?? false,
      };
      if (last.vid !== first.vid) vlan.vidEnd = last.vid;
      return vlan;
    },
  );

const readTunnels: Read<VlanTunnel> = (dev, link) =>
  joined(
    link.spec?.tunnels ?? [],
    (tunnel) => tunnel.flags,
    (first, last) => {
      const tunnel: VlanTunnel = { dev, vid: first.vid ?? 0, tunnelId: first.id ?? 0 };
      if (last.vid !== first.vid) tunnel.vidEnd = last.vid;
      return tunnel;
    },
  );

function dumpNew<T>(
  operation: string,
  filter: VlanFilter,
  flags: number,
  pick: (dev: number, r: Replies) => T[],
): Request<T[]> {
  checkFilter(filter);
  return {
    operation,
    family: NETLINK_ROUTE,
    write(m) {
      m.begin(RTM_GETVLAN, NLM_F_DUMP, 'RTM_GETVLAN', DUMP_SCHEMA);
      m.writer.u8(AF_BRIDGE);
      m.writer.zeros(3);
      if (filter.dev === undefined) m.writer.u32(0);
      else m.linkIndex(filter.dev);
      if (flags !== 0) vlanDumpTable.encode(m.writer, { flags }, 'filter');
      m.end();
    },
    read(r) {
      const found: T[] = [];
      while (r.next()) {
        const header = vlanMessage.read(r.bytes, r.view, r.from, r.to - r.from);
        found.push(...pick(header.ifindex, r));
      }
      return found;
    },
  };
}

function readStates(dev: number, r: Replies): VlanState[] {
  const dump = vlanTable.decode(r.bytes, r.view, r.from + vlanMessage.size, r.to);
  return (dump.entries ?? []).map(({ info, range, ...rest }) => {
    const { pvid = false, untagged = false } = info?.flags ?? {};
    const state: VlanState = { dev, vid: info?.vid ?? 0, pvid, untagged, ...rest };
    if (range !== undefined && range !== state.vid) state.vidEnd = range;
    return state;
  });
}

function readGlobals(dev: number, r: Replies): VlanGlobal[] {
  const dump = vlanTable.decode(r.bytes, r.view, r.from + vlanMessage.size, r.to);
  return (dump.globals ?? []).map(({ vid, ...rest }) => ({ dev, vid: vid ?? 0, ...rest }));
}

type GlobalOptions = Omit<Settable<(typeof vlanGlobalTable)['shape']>, 'vid' | 'vidEnd'>;

function writeNewHeader(m: Messages, dev: Dev): void {
  m.begin(RTM_NEWVLAN, 0, 'RTM_NEWVLAN', VLAN_SCHEMA);
  m.writer.u8(AF_BRIDGE);
  m.writer.zeros(3);
  m.linkIndex(dev);
}

/** VLANs of a bridge that filters them, of its ports and its own (`bridge vlan`). */
export const vlan = {
  /** Lets a VLAN, or a range, through a port; with `tunnelId` maps it to a tunnel. */
  add(spec: VlanSpec): Request<void> {
    checkVlan(spec);
    return change('vlan.add', (m) => writeOld(m, RTM_SETLINK, 'RTM_SETLINK', spec));
  },

  /** Takes a VLAN, or a range, from a port; with `tunnelId` its tunnel alone. */
  delete(spec: VlanSpec): Request<void> {
    checkVlan(spec);
    return change('vlan.delete', (m) => writeOld(m, RTM_DELLINK, 'RTM_DELLINK', spec));
  },

  /** Changes a VLAN of a port: its state in the spanning tree and so on (since 5.6). */
  set(spec: VlanKey & VlanOptions): Request<void> {
    checkVlanKey(spec, OPTION_KEYS);
    const { dev, vid, vidEnd, ...options } = spec;
    return change('vlan.set', (m) => {
      writeNewHeader(m, dev);
      const entry = { info: { flags: { onlyOptions: true }, vid }, range: vidEnd, ...options };
      vlanTable.encode(m.writer, { entries: [entry] }, 'vlan');
      m.end();
    });
  },

  /** Changes a VLAN of the whole bridge `dev` (since 5.15). */
  setGlobal(spec: VlanKey & GlobalOptions): Request<void> {
    checkVlanKey(spec);
    const { dev, ...options } = spec;
    return change('vlan.setGlobal', (m) => {
      writeNewHeader(m, dev);
      vlanTable.encode(m.writer, { globals: [options] }, 'vlan');
      m.end();
    });
  },

  /** The VLANs of every port and bridge, ranges joined. */
  list(filter: VlanFilter = {}): Request<Vlan[]> {
    return listOld('vlan.list', filter, readVlans);
  },

  /** Which VLANs are mapped to which tunnels. */
  tunnels(filter: VlanFilter = {}): Request<VlanTunnel[]> {
    return listOld('vlan.tunnels', filter, readTunnels);
  },

  /** The VLANs with their states, and with `statistics` what has passed (since 5.6). */
  states(filter: VlanFilter & { statistics?: boolean } = {}): Request<VlanState[]> {
    const { statistics, ...rest } = filter;
    if (statistics !== undefined) boolean('filter.statistics', statistics);
    return dumpNew('vlan.states', rest, statistics ? BRIDGE_VLANDB_DUMPF_STATS : 0, readStates);
  },

  /** What VLANs are on whole bridges (since 5.15). */
  globals(filter: VlanFilter = {}): Request<VlanGlobal[]> {
    return dumpNew('vlan.globals', filter, BRIDGE_VLANDB_DUMPF_GLOBAL, readGlobals);
  },
} as const;
