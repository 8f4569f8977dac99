import { stat, unlink } from 'node:fs/promises';
import { NetlinkError } from '../errors.ts';
import { Hold } from '../netns/hold.ts';
import { listNames } from '../netns/names.ts';
import { NetNs } from '../netns/netns.ts';
import { reachable } from '../netns/peer.ts';
import { link, type Link } from '../rtnetlink/link/api.ts';
import { nsid } from '../rtnetlink/nsid/api.ts';
import type { Assigned } from './addresses.ts';
import type { EndpointState } from './endpoint.ts';
import type { Host } from './host.ts';
import { type Layout, placeOfLink } from './layout.ts';
import { endpointMac } from './mac.ts';
import { INNER_GROUP } from './macvlan-layout.ts';
import type { PublishedPort } from './ports.ts';
import { type EndpointRecord, type NetworkRecord, readEndpoint, readNetwork } from './record.ts';
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
    throw new NetlinkError(`network.open: there is no network '${name}'`, { code: 'ERR_NO_NETWORK', cause: error });
  }
  const record = readNetwork(found.alias);
  if (record === undefined) {
    throw new NetlinkError(`network.open: the link '${name}' is not a network of this library: its alias holds no record of one`, {
      code: 'ERR_NO_NETWORK',
    });
  }
  if (record.kind !== kind) {
    throw new NetlinkError(`network.open: '${name}' is a ${record.kind} network, not a ${kind} one`, {
      code: 'ERR_NO_NETWORK',
    });
  }
  return { index: found.index, record };
}

/** What the kernel shows of a network's endpoints. */
export interface Found {
  /** Whole ones. */
  endpoints: EndpointState[];
  /** Whole by their record, but nothing leads to their namespace: the kernel is about to free it. */
  unreachable: EndpointState[];
  /** Links of endpoints half made or half gone. */
  broken: { link: string; index: number; netns?: NetNs }[];
  /** Published ports that lead to no endpoint. */
  orphans: PublishedPort[];
}

export async function survey(host: Host, settings: Settings, layout: Layout, rules: Rules): Promise<Found> {
  if (layout.inner) return surveyInner(host, settings, layout);
  const links = await host.ns.channel.run(link.list(layout.filter(settings)));
  const found: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  const recorded: { state: EndpointState; id: number | undefined }[] = [];
  for (const each of links) {
    // Ports that are not ours (a NIC, a tap) have other names.
    if (placeOfLink(settings.name, each.name) === undefined || each.kind !== 'veth') continue;
    const record = readEndpoint(each.alias);
    if (record === undefined || record.network !== settings.name) {
      found.broken.push({ link: each.name, index: each.index });
      continue;
    }
    recorded.push({ state: stateOf(each, record, layout.gateways(settings)), id: each.linkNetnsId });
  }
  await reach(host, recorded, found);
  await assignPorts(rules, found);
  return found;
}

/** Endpoints whose only link is inside are looked for in every namespace that can be reached. */
async function surveyInner(host: Host, settings: Settings, layout: Layout): Promise<Found> {
  const found: Found = { endpoints: [], unreachable: [], broken: [], orphans: [] };
  const parent = await host.ns.channel.run(link.get(settings.record.parent ?? ''));
  for (const { fd, name } of await reachable()) {
    const netns = new NetNs(new Hold(fd, name));
    const inside = netns.equals(host.ns) ? [] : await netns.channel.run(link.list({ kind: 'macvlan' }));
    const of = (each: Link): EndpointRecord | undefined => readEndpoint(each.alias);
    const whole = inside.find((each) => of(each)?.network === settings.name);
    const half = inside.find((each) => each.group === INNER_GROUP && each.link === parent.index && of(each) === undefined);
    const record = whole === undefined ? undefined : of(whole);
    if (whole !== undefined && record !== undefined) {
      const state = stateOf(whole, record, layout.gateways(settings));
      found.endpoints.push({ ...state, ifname: whole.name, hostLink: parent.name, hostIndex: 0, netns, open: undefined });
    } else if (half !== undefined) found.broken.push({ link: half.name, index: half.index, netns });
    else netns.close();
  }
  return found;
}

function stateOf(each: Link, record: EndpointRecord, gateways: Assigned): EndpointState {
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

/**
 * Finds the namespaces of endpoints by the ids that the host knows them by. A name that is gone, or
 * another's by now, is no way to them.
 */
async function reach(
  host: Host,
  recorded: readonly { state: EndpointState; id: number | undefined }[],
  found: Found,
): Promise<void> {
  if (recorded.length === 0) return;
  const handles = (await reachable()).map(({ fd, name }) => new NetNs(new Hold(fd, name)));
  const ids = await host.ns.channel.batch(handles.map((ns) => nsid.get({ fd: ns.fd })));
  const byId = new Map<number, NetNs>();
  ids.forEach((id, i) => {
    if (typeof id === 'number') byId.set(id, handles[i]);
  });
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
  for (const ns of handles) ns.close();
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

/** Nobody takes so long, in ms, between making a name's file and mounting on it. */
const LEFTOVER_AGE = 1_000;

/** Takes away files in /run/netns on which a crash has left no namespace mounted. */
export async function sweepNames(): Promise<string[]> {
  const gone: string[] = [];
  for (const { name, path, leftover } of await listNames()) {
    if (!leftover) continue;
    const made = await stat(path).catch(() => undefined);
    if (made === undefined || !made.isFile() || made.size > 0) continue;
    const age = Date.now() - made.ctimeMs;
    if (age < LEFTOVER_AGE) await new Promise((resolve) => setTimeout(resolve, LEFTOVER_AGE - age));
    // Mounted on meanwhile: busy, and nobody's leftover.
    await unlink(path).then(
      () => gone.push(name),
      () => undefined,
    );
  }
  return gone;
}
