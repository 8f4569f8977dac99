import { isIPv4, isIPv6 } from 'node:net';
import { invalidType, invalidValue } from '../../errors.ts';
import {
  array,
  be16,
  bits,
  type Codec,
  ip,
  ipv4,
  ipv6,
  mac,
  oneOf,
  s32,
  u8,
  u16,
  u32,
} from '../../wire/codecs.ts';
import { attr, headed, many, struct, table } from '../../wire/schema.ts';
import { device } from '../device.ts';
import { routeProtocol } from '../protocols.ts';
import { ETH_P_IP, ETH_P_IPV6 } from './constants.ts';

/** struct br_port_msg: heads multicast entries. */
export const portMessage = struct('br_port_msg', { family: u8, ifindex: u32 });

const GROUP = 'an IP multicast address or a hardware address';
const MAC_LIKE = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/** The union and protocol at the end of struct br_mdb_entry: 16 bytes of address, then whose it is. */
export const groupAddress: Codec<string> = {
  type: GROUP,
  size: 20,
  alignment: 4,
  samples: ['239.1.1.1', 'ff0e::1', '01:00:5e:01:01:01'],
  write(w, value, path) {
    if (typeof value !== 'string') throw invalidType(path.toString(), value, GROUP);
    const start = w.length;
    if (isIPv4(value)) ipv4.write(w, value, path);
    else if (isIPv6(value)) ipv6.write(w, value, path);
    else if (MAC_LIKE.test(value)) mac.write(w, value, path);
    else throw invalidValue(path.toString(), value, GROUP);
    w.zeros(start + 16 - w.length);
    be16.write(w, isIPv4(value) ? ETH_P_IP : isIPv6(value) ? ETH_P_IPV6 : 0, path);
    w.zeros(2);
  },
  read(bytes, view, at) {
    const protocol = be16.read(bytes, view, at + 16, 2);
    if (protocol === ETH_P_IP) return ipv4.read(bytes, view, at, 4);
    return protocol === ETH_P_IPV6 ? ipv6.read(bytes, view, at, 16) : mac.read(bytes, view, at, 6);
  },
};

/** struct br_mdb_entry. */
export const mdbEntry = struct('br_mdb_entry', {
  port: device,
  state: oneOf(u8, { temp: 0, permanent: 1 }),
  flags: bits(u8, { offload: 1, fastLeave: 2, starExcl: 4, blocked: 8, offloadFailed: 16 }),
  vid: u16,
  group: groupAddress,
});

const filterMode = oneOf(u8, { exclude: 0, include: 1 });

/** MDBE_SRCATTR_*. */
export const sourceTable = table('source', {
  address: attr(1, ip, { kernel: 'MDBE_SRCATTR_ADDRESS', since: '6.3' }),
});

/** MDBE_ATTR_*: beside the entry, in requests. */
export const mdbAttributesTable = table('mdb', {
  source: attr(1, ip, { kernel: 'MDBE_ATTR_SOURCE', since: '5.10' }),
  sourceList: attr(2, array(sourceTable, 1), { kernel: 'MDBE_ATTR_SRC_LIST', since: '6.3' }),
  filterMode: attr(3, filterMode, { kernel: 'MDBE_ATTR_GROUP_MODE', since: '6.3' }),
  protocol: attr(4, routeProtocol, { kernel: 'MDBE_ATTR_RTPROT', since: '6.3' }),
  dst: attr(5, ip, { kernel: 'MDBE_ATTR_DST', since: '6.4' }),
  dstPort: attr(6, u16, { kernel: 'MDBE_ATTR_DST_PORT', since: '6.4' }),
  vni: attr(7, u32.range(0, 0xffffff), { kernel: 'MDBE_ATTR_VNI', since: '6.4' }),
  via: attr(8, device, { kernel: 'MDBE_ATTR_IFINDEX', since: '6.4' }),
  srcVni: attr(9, u32.range(0, 0xffffff), { kernel: 'MDBE_ATTR_SRC_VNI', since: '6.4' }),
  stateMask: attr(10, u8, { kernel: 'MDBE_ATTR_STATE_MASK', since: '6.8' }),
});

/** MDBA_SET_ENTRY_*: what changes and deletes. MDBA_GET_ENTRY_* has the same numbers. */
export const mdbSetTable = table('mdbSet', {
  entry: attr(1, mdbEntry.partial, { kernel: 'MDBA_SET_ENTRY', since: '3.10' }),
  attributes: attr(2, mdbAttributesTable, { kernel: 'MDBA_SET_ENTRY_ATTRS', since: '5.10' }),
});

/** MDBA_MDB_SRCATTR_*; the timer in hundredths of a second. */
export const listedSourceTable = table('listedSource', {
  address: attr(1, ip, { kernel: 'MDBA_MDB_SRCATTR_ADDRESS', since: '5.10' }),
  timer: attr(2, u32, { kernel: 'MDBA_MDB_SRCATTR_TIMER', since: '5.10' }),
});

/** MDBA_MDB_EATTR_*: after the entry, in what the kernel tells. */
export const mdbListedTable = table('mdbListed', {
  timer: attr(1, u32, { kernel: 'MDBA_MDB_EATTR_TIMER', since: '4.6' }),
  sourceList: attr(2, array(listedSourceTable, 1), {
    kernel: 'MDBA_MDB_EATTR_SRC_LIST',
    since: '5.10',
  }),
  filterMode: attr(3, filterMode, { kernel: 'MDBA_MDB_EATTR_GROUP_MODE', since: '5.10' }),
  source: attr(4, ip, { kernel: 'MDBA_MDB_EATTR_SOURCE', since: '5.10' }),
  protocol: attr(5, routeProtocol, { kernel: 'MDBA_MDB_EATTR_RTPROT', since: '5.10' }),
  dst: attr(6, ip, { kernel: 'MDBA_MDB_EATTR_DST', since: '6.4' }),
  dstPort: attr(7, u16, { kernel: 'MDBA_MDB_EATTR_DST_PORT', since: '6.4' }),
  vni: attr(8, u32, { kernel: 'MDBA_MDB_EATTR_VNI', since: '6.4' }),
  via: attr(9, device, { kernel: 'MDBA_MDB_EATTR_IFINDEX', since: '6.4' }),
  srcVni: attr(10, u32, { kernel: 'MDBA_MDB_EATTR_SRC_VNI', since: '6.4' }),
});

/** MDBA_MDB_ENTRY holds MDBA_MDB_ENTRY_INFO of every port that has joined one group. */
export const mdbGroupTable = table('mdbGroup', {
  info: many(1, headed(mdbEntry, mdbListedTable, { flag: false }), {
    kernel: 'MDBA_MDB_ENTRY_INFO',
  }),
});

/** MDBA_ROUTER_PATTR_*; timers in hundredths of a second. */
export const routerPortTable = table('routerPort', {
  timer: attr(1, u32, { kernel: 'MDBA_ROUTER_PATTR_TIMER' }),
  type: attr(2, oneOf(u8, { disabled: 0, tempQuery: 1, permanent: 2, temp: 3 }), {
    kernel: 'MDBA_ROUTER_PATTR_TYPE',
  }),
  timer4: attr(3, u32, { kernel: 'MDBA_ROUTER_PATTR_INET_TIMER', since: '5.14' }),
  timer6: attr(4, u32, { kernel: 'MDBA_ROUTER_PATTR_INET6_TIMER', since: '5.14' }),
  vid: attr(5, u16, { kernel: 'MDBA_ROUTER_PATTR_VID', since: '5.15' }),
});

/** A port behind which a multicast router is: its ifindex, then attributes. */
export const routerPort = headed(struct('router_port', { port: s32 }), routerPortTable, {
  flag: false,
});

/** MDBA_*: the groups and the router ports of one bridge. */
export const mdbTable = table('mdbDump', {
  groups: attr(1, array(mdbGroupTable, 1), { kernel: 'MDBA_MDB' }),
  routers: attr(2, array(routerPort, 1), { kernel: 'MDBA_ROUTER' }),
});
