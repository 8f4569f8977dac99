import { boolean, checkKeys, device, integer, ipAddress, object } from '../../check.ts';
import type { Messages } from '../../netlink/messages.ts';
import type { Dev, Request } from '../../netlink/request.ts';
import { NLM_F_DUMP } from '../../wire/message.ts';
import type { Infer } from '../../wire/schema.ts';
import { AF_BRIDGE } from '../families.ts';
import { change, NETLINK_ROUTE } from '../requests.ts';
import { tunnelMessage, type vniStatisticsTable, vniTable } from './schema.ts';

/** linux/rtnetlink.h */
const RTM_NEWTUNNEL = 120;
const RTM_DELTUNNEL = 121;
const RTM_GETTUNNEL = 122;
const TUNNEL_MSG_FLAG_STATS = 1;
const MAX_VNI = 0xffffff;
const SCHEMA = { header: tunnelMessage.size, table: vniTable };

/** What names a VNI of a VXLAN link, or a range of them. */
export interface VniKey {
  /** A VXLAN link made with `external` and `vniFilter`. */
  dev: Dev;
  /** 0 to 16777215. */
  vni: number;
  /** The last of a range. */
  vniEnd?: number;
}

/** A VNI to listen to, by the words of `bridge vni`. */
export interface VniSpec extends VniKey {
  /** Where what has no known destination goes: a multicast group or one other end. */
  group?: string;
}

/** A VNI, or a range, that a VXLAN link listens to. */
export interface Vni {
  /** The link's ifindex. */
  dev: number;
  vni: number;
  vniEnd?: number;
  group?: string;
  statistics?: Omit<Infer<typeof vniStatisticsTable>, 'unknown'>;
}

/** Which a list is for. */
export interface VniFilter {
  dev?: Dev;
  /** What has passed; ranges are then told one by one. */
  statistics?: boolean;
}

function check(key: VniSpec, allowed: ReadonlySet<string>): void {
  object('vni', key);
  checkKeys('vni', key, allowed);
  device('vni.dev', key.dev);
  integer('vni.vni', key.vni, 0, MAX_VNI);
  if (key.vniEnd !== undefined) integer('vni.vniEnd', key.vniEnd, key.vni, MAX_VNI);
  if (key.group !== undefined) ipAddress('vni.group', key.group);
}

function begin(
  m: Messages,
  type: number,
  flags: number,
  syscall: string,
  dev?: Dev,
  own = 0,
): void {
  m.begin(type, flags, syscall, SCHEMA);
  m.writer.u8(AF_BRIDGE);
  m.writer.u8(own);
  m.writer.zeros(2);
  if (dev === undefined) m.writer.u32(0);
  else m.linkIndex(dev);
}

function make(operation: string, type: number, syscall: string, spec: VniSpec): Request<void> {
  const { dev, vni, vniEnd, group } = spec;
  return change(`vni.${operation}`, (m) => {
    begin(m, type, 0, syscall, dev);
    const where = group?.includes(':') ? { group6: group } : { group };
    vniTable.encode(m.writer, { entries: [{ vni, vniEnd, ...where }] }, 'vni');
    m.end();
  });
}

/** Which VNIs a VXLAN link listens to (`bridge vni`, since 5.18). */
export const vni = {
  /** Adds a VNI, or a range, or changes its group. */
  add(spec: VniSpec): Request<void> {
    check(spec, new Set(['dev', 'vni', 'vniEnd', 'group']));
    return make('add', RTM_NEWTUNNEL, 'RTM_NEWTUNNEL', spec);
  },

  /** Takes a VNI, or a range, away; one that is not there is ENOENT. */
  delete(key: VniKey): Request<void> {
    check(key, new Set(['dev', 'vni', 'vniEnd']));
    return make('delete', RTM_DELTUNNEL, 'RTM_DELTUNNEL', key);
  },

  /** Of every VXLAN link that filters them, or of one. */
  list(filter: VniFilter = {}): Request<Vni[]> {
    object('filter', filter);
    checkKeys('filter', filter, new Set(['dev', 'statistics']));
    const { dev, statistics } = filter;
    if (dev !== undefined) device('filter.dev', dev);
    if (statistics !== undefined) boolean('filter.statistics', statistics);
    return {
      operation: 'vni.list',
      family: NETLINK_ROUTE,
      write(m) {
        const own = statistics ? TUNNEL_MSG_FLAG_STATS : 0;
        begin(m, RTM_GETTUNNEL, NLM_F_DUMP, 'RTM_GETTUNNEL', dev, own);
        m.end();
      },
      read(r) {
        const found: Vni[] = [];
        while (r.next()) {
          const { ifindex } = tunnelMessage.read(r.bytes, r.view, r.from, r.to - r.from);
          const told = vniTable.decode(r.bytes, r.view, r.from + tunnelMessage.size, r.to);
          for (const { vni: first = 0, vniEnd, group, group6, statistics } of told.entries ?? []) {
            const one: Vni = { dev: ifindex, vni: first };
            if (vniEnd !== undefined && vniEnd !== first) one.vniEnd = vniEnd;
            const where = group ?? group6;
            if (where !== undefined) one.group = where;
            if (statistics !== undefined) one.statistics = statistics;
            found.push(one);
          }
        }
        return found;
      },
    };
  },
} as const;
