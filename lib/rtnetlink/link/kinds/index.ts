import { bond, bondSlave } from './bond.ts';
import { bridge, bridgePort } from './bridge.ts';
import { dummy } from './dummy.ts';
import { geneve } from './geneve.ts';
import { erspan, gre, ip6erspan, ip6gre } from './gre.ts';
import { ifb } from './ifb.ts';
import { ip6tnl, ipip, sit } from './iptunnel.ts';
import { ipvlan } from './ipvlan.ts';
import { macvlan } from './macvlan.ts';
import { netkit } from './netkit.ts';
import { nlmon } from './nlmon.ts';
import { team } from './team.ts';
import { tun } from './tun.ts';
import { veth } from './veth.ts';
import { vlan } from './vlan.ts';
import { vrf, vrfSlave } from './vrf.ts';
import { vti, vti6 } from './vti.ts';
import { vxlan } from './vxlan.ts';
import { wireguard } from './wireguard.ts';
import { xfrm } from './xfrm.ts';

/**
 * The kinds of links (IFLA_INFO_KIND) whose own attributes (IFLA_INFO_DATA) have a table. Other
 * kinds work by name, with raw attributes.
 */
export const kindTables = {
  bond,
  bridge,
  dummy,
  erspan,
  geneve,
  gre,
  gretap: gre,
  ifb,
  ip6erspan,
  ip6gre,
  ip6gretap: ip6gre,
  ip6tnl,
  ipip,
  ipvlan,
  ipvtap: ipvlan,
  macvlan,
  macvtap: macvlan,
  netkit,
  nlmon,
  sit,
  team,
  tun,
  veth,
  vlan,
  vrf,
  vti,
  vti6,
  vxlan,
  wireguard,
  xfrm,
};

/** Kinds of masters whose ports have attributes (IFLA_INFO_SLAVE_DATA). */
export const portTables = {
  bond: bondSlave,
  bridge: bridgePort,
  vrf: vrfSlave,
};

export type KindTables = typeof kindTables;
export type PortTables = typeof portTables;
export type Kind = keyof KindTables;
