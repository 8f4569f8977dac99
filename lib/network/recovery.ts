import { NetlinkError } from '../errors.ts';
import { Hold } from '../netns/hold.ts';
import { NetNs } from '../netns/netns.ts';
import { reachable } from '../netns/peer.ts';
import { type Link, link } from '../rtnetlink/link/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import type { Assigned } from './addresses.ts';
import type { EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import { surveyInner } from './inner-recovery.ts';
import { type Layout, placeOfLink } from './layout.ts';
import { endpointMac } from './mac.ts';
import type { PublishedPort } from './ports.ts';
import {
  type EndpointRecord,
  leavingName,
  type NetworkRecord,
  readEndpoint,
  readNetwork,
} from './record.ts';
import type { Rules } from './rules.ts';
import type { Settings } from './settings.ts';

/** A network's own link, as it is found again. */
export async function findNetwork(
  host: Host,
  name: string,
  kind: NetworkRecord['kind'],
): Promise<{ index: number; record: NetworkRecord }> {
  let found: Link;
  try {
    found = await host.ns.channel.run(link.get(name));
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error;
    throw new NetlinkError(`network.open: there is no network '${name}'`, {
      code: 'ERR_NO_NETWORK',
      cause: error,
    });
  }
  const record = readNetwork(found.alias);
  if (record === undefined) {
    throw new NetlinkError(
      `network.open: the link '${name}' is not a network of this library: its alias holds no record of one`,
      {
        code: 'ERR_NO_NETWORK',
      },
    );
  }
  if (record.kind !== kind) {
    throw new NetlinkError(
      `network.open: '${name}' is a ${record.kind} network, not a ${kind} one`,
      {
        code: 'ERR_NO_NETWORK',
      },
    );
  }
  return { index: found.index, record };
}

/** A link of an endpoint half made or half gone. */
export interface Broken {
  link: string;
  index: number;
  /** Where it is, if not on the host. */
  netns?: NetNs;
  /** The name in /run/netns that was about to go with it. */
  name?: string;
}

/** What the kernel shows of a network's endpoints. */
export interface Found {
  /** Whole ones. */
  endpoints: EndpointState[];
  /** Whole by their record, but nothing leads to their namespace: the kernel is about to free it. */
  unreachable: EndpointState[];
  /** Links of endpoints half made or half gone. */
  broken: Broken[];
  /** Published ports that lead to no endpoint. */
  orphans: PublishedPort[];
}

export async function survey(
  host: Host,
  settings: Settings,
  layout: Layout,
  rules: Rules,
): Promise<Found> {
  if (layout.inner) return surveyInner(host, settings, layout);
  const links = await host.ns.channel.run(link.list(layout.filter(settings)));
  const found: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  const leaving: { broken: Broken; name: string | undefined; id: number | undefined }[] = [];
  const recorded: { state: EndpointState; id: number | undefined }[] = [];
  for (const each of links) {
    // Ports that are not ours (a NIC, a tap) have other names.
    if (placeOfLink(settings.name, each.name) === undefined || each.kind !== 'veth') continue;
    const record = readEndpoint(each.alias);
    if (record === undefined || record.network !== settings.name) {
      const broken: Broken = { link: each.name, index: each.index };
      found.broken.push(broken);
      leaving.push({ broken, name: leavingName(each.alias), id: each.linkNetnsId });
      continue;
    }
    recorded.push({
      state: stateOf(each, record, layout.gateways(settings)),
      id: each.linkNetnsId,
    });
  }
  if (recorded.length > 0 || leaving.some(({ name }) => name !== undefined)) {
    await withIds(host, (byId) => {
      reach(recorded, byId, found);
      // A name that is another's by now stays.
      for (const { broken, name, id } of leaving) {
        if (name !== undefined && id !== undefined && byId.get(id)?.name === name)
          broken.name = name;
      }
    });
  }
  await assignPorts(rules, found);
  return found;
}

export function stateOf(each: Link, record: EndpointRecord, gateways: Assigned): EndpointState {
  const assigned: Assigned = {};
  for (const address of record.address) assigned[address.includes(':') ? 'ipv6' : 'ipv4'] = address;
  const { name } = record;
  return {
    assigned,
    gateways,
    mac: record.mac ?? endpointMac(record.address[0] ?? ''),
    ifname: record.ifname ?? 'eth0',
    hostLink: each.name,
    hostIndex: each.index,
    name,
    foreign: record.foreign === true,
    open: name === undefined ? undefined : () => NetNs.open(name),
    ports: [],
  };
}

/** The namespaces that can be reached, by the ids that the host knows them by. */
async function withIds(
  host: Host,
  look: (byId: ReadonlyMap<number, NetNs>) => void,
): Promise<void> {
  const handles = (await reachable()).map(({ fd, name }) => new NetNs(new Hold(fd, name)));
  try {
    const ids = await host.ns.channel.batch(handles.map((ns) => nsid.get({ fd: ns.fd })));
    const byId = new Map<number, NetNs>();
    ids.forEach((id, i) => {
      if (typeof id === 'number') byId.set(id, handles[i]);
    });
    look(byId);
  } finally {
    for (const ns of handles) ns.close();
  }
}

/** Finds the namespaces of endpoints. A name that is gone, or another's by now, is no way to them. */
function reach(
  recorded: readonly { state: EndpointState; id: number | undefined }[],
  byId: ReadonlyMap<number, NetNs>,
  found: Found,
): void {
  for (const { state, id } of recorded) {
    const netns = id === undefined ? undefined : byId.get(id);
    if (netns === undefined) {
      found.unreachable.push(state);
      continue;
    }
    // Those with a name are opened when they are asked for: a descriptor each is too much for all.
    if (netns.name !== state.name || state.name === undefined) {
      state.name = undefined;
      state.open = undefined;
      state.netns = NetNs.open({ fd: netns.fd });
    }
    found.endpoints.push(state);
  }
}

async function assignPorts(rules: Rules, found: Found): Promise<void> {
  const byAddress = new Map<string, EndpointState>();
  for (const state of [...found.endpoints, ...found.unreachable]) {
    for (const address of [state.assigned.ipv4, state.assigned.ipv6]) {
      if (address !== undefined) byAddress.set(address, state);
    }
  }
  for (const { owner: _owner, ...port } of await rules.ports()) {
    const state = byAddress.get(port.address);
    if (state === undefined) found.orphans.push(port);
    else state.ports.push(port);
  }
}
