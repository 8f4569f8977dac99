import { checkKeys, integer, ipAddress, object } from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import { be16Bytes, concat, ipBytes, readAddress, readBe16 } from '../nftables/bytes.ts';
import type { Command } from '../nftables/command.ts';
import { type Element, element, MAX_ELEMENTS } from '../nftables/element.ts';
import type { Assigned } from './addresses.ts';
import { canonicalIp } from './ip.ts';
import { MAPS, PROTOCOLS, TABLE } from './ruleset.ts';

export type Protocol = keyof typeof PROTOCOLS;

/** A port of the host that leads to an endpoint. */
export interface PublishSpec {
  /** A port of the host, or a range of them: '8000-8010'. */
  hostPort: number | string;
  /** The endpoint's port, or the first of a range as long; the host's unless given. */
  port?: number | string;
  /** 'tcp' unless given. */
  protocol?: Protocol;
  /** Only this address of the host; all of them, 127.0.0.1 included, unless given. */
  hostAddress?: string;
}

/** One published port. */
export interface PublishedPort {
  protocol: Protocol;
  /** The host's address; all of them where undefined. */
  hostAddress?: string;
  hostPort: number;
  /** Where it leads to. */
  address: string;
  port: number;
}

/** The most ports of one call, which the kernel takes in one transaction. */
const MAX_PORTS = 1024;
const KEYS = new Set(['hostPort', 'port', 'protocol', 'hostAddress']);

function range(path: string, value: unknown): { first: number; last: number } {
  if (typeof value === 'number') {
    const port = integer(path, value, 1, 65_535);
    return { first: port, last: port };
  }
  if (typeof value !== 'string')
    throw invalidType(path, value, "a port or a range like '8000-8010'");
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value);
  if (match === null) throw invalidValue(path, value, "a port or a range like '8000-8010'");
  const first = integer(path, Number(match[1]), 1, 65_535);
  const last = integer(path, Number(match[2] ?? match[1]), first, 65_535);
  return { first, last };
}

/** The ports that a spec stands for: one for each address family that it concerns. */
export function expand(path: string, spec: PublishSpec, to: Assigned): PublishedPort[] {
  checkKeys(path, object(path, spec), KEYS);
  const protocol = spec.protocol ?? 'tcp';
  if (!Object.hasOwn(PROTOCOLS, protocol)) {
    throw invalidValue(
      `${path}.protocol`,
      protocol,
      `one of '${Object.keys(PROTOCOLS).join("', '")}'`,
    );
  }
  const host = range(`${path}.hostPort`, spec.hostPort);
  const own = spec.port === undefined ? host : range(`${path}.port`, spec.port);
  const count = host.last - host.first + 1;
  if (own.last !== own.first && own.last - own.first + 1 !== count) {
    throw invalidValue(`${path}.port`, spec.port, `a range of ${count} ports, as hostPort`);
  }
  if (count > MAX_PORTS)
    throw invalidValue(`${path}.hostPort`, spec.hostPort, `at most ${MAX_PORTS} ports`);
  if (own.first + count - 1 > 65_535) throw invalidValue(`${path}.port`, spec.port, 'within 65535');
  const hostAddress =
    spec.hostAddress === undefined
      ? undefined
      : canonicalIp(ipAddress(`${path}.hostAddress`, spec.hostAddress));
  const out: PublishedPort[] = [];
  for (const address of [to.ipv4, to.ipv6]) {
    if (address === undefined) continue;
    if (hostAddress !== undefined && hostAddress.includes(':') !== address.includes(':')) continue;
    for (let i = 0; i < count; i++) {
      out.push({ protocol, hostAddress, hostPort: host.first + i, address, port: own.first + i });
    }
  }
  if (out.length === 0) {
    throw invalidValue(
      `${path}.hostAddress`,
      spec.hostAddress,
      'of a family that the endpoint has an address of',
    );
  }
  return out;
}

function familyOf(port: { address: string }): 4 | 6 {
  return port.address.includes(':') ? 6 : 4;
}

function mapOf(port: PublishedPort): string {
  return MAPS[familyOf(port)][port.hostAddress === undefined ? 'any' : 'at'];
}

function elementOf(port: PublishedPort, tag: string): Element {
  const protocol = new Uint8Array([PROTOCOLS[port.protocol]]);
  const rest = [protocol, be16Bytes(port.hostPort)];
  return {
    key: concat(...(port.hostAddress === undefined ? rest : [ipBytes(port.hostAddress), ...rest])),
    data: concat(ipBytes(port.address), be16Bytes(port.port)),
    comment: tag,
  };
}

/** The map's elements of some ports, in messages that are not too long. */
function commands(
  ports: readonly PublishedPort[],
  tag: string,
  make: (ref: { family: 'inet'; table: string; set: string }, elements: Element[]) => Command,
): Command[] {
  const byMap = new Map<string, Element[]>();
  for (const port of ports) {
    const map = mapOf(port);
    const list = byMap.get(map);
    if (list === undefined) byMap.set(map, [elementOf(port, tag)]);
    else list.push(elementOf(port, tag));
  }
  const out: Command[] = [];
  for (const [set, elements] of byMap) {
    for (let at = 0; at < elements.length; at += MAX_ELEMENTS) {
      out.push(
        make({ family: 'inet', table: TABLE.table, set }, elements.slice(at, at + MAX_ELEMENTS)),
      );
    }
  }
  return out;
}

/** @param tag the network's name and, behind a space, what the endpoint is called */
export function addPorts(ports: readonly PublishedPort[], tag: string): Command[] {
  return commands(ports, tag, (ref, elements) => element.add(ref, elements));
}

export function removePorts(ports: readonly PublishedPort[]): Command[] {
  return commands(ports, '', (ref, elements) => element.delete(ref, elements));
}

const PROTOCOL_NAMES = new Map<number, Protocol>(
  (Object.keys(PROTOCOLS) as Protocol[]).map((name) => [PROTOCOLS[name], name]),
);

/** A map's element as the port it is; undefined where somebody else has put something else there. */
export function readPort(
  family: 4 | 6,
  byAddress: boolean,
  found: Element,
): PublishedPort | undefined {
  const size = family === 4 ? 4 : 16;
  const at = byAddress ? size : 0;
  const protocol = PROTOCOL_NAMES.get(found.key[at]);
  if (protocol === undefined || found.data === undefined || found.data.length < size + 2)
    return undefined;
  return {
    protocol,
    hostAddress: byAddress ? readAddress(found.key, 0, family) : undefined,
    hostPort: readBe16(found.key, at + 4),
    address: readAddress(found.data, 0, family),
    port: readBe16(found.data, size),
  };
}

/** 'tcp 127.0.0.1:8080' */
export function portText({ protocol, hostAddress, hostPort, address }: PublishedPort): string {
  const any = address.includes(':') ? '[::]' : '0.0.0.0';
  const host =
    hostAddress === undefined ? any : hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress;
  return `${protocol} ${host}:${hostPort}`;
}

export function samePort(a: PublishedPort, b: PublishedPort): boolean {
  return (
    a.protocol === b.protocol &&
    a.hostPort === b.hostPort &&
    a.hostAddress === b.hostAddress &&
    a.address.includes(':') === b.address.includes(':')
  );
}
