import { NetlinkError } from '../errors.ts';

/**
 * What the kernel keeps for us: links of a network carry a record in their alias (IFLA_IFALIAS), so
 * that whoever opens the network finds everything again, and `ip link` says whose a link is.
 */

/** IFALIASZ less its NUL (linux/if.h). */
export const MAX_ALIAS = 255;

export const MARK = 'node-netns ';
/** Of an endpoint that is being taken away: what is left of it is swept. */
const LEAVING = `${MARK}leaving`;

export type NetworkKind = 'bridge' | 'routed' | 'macvlan';

/** The record on a network's own link. Defaults are left out. */
export interface NetworkRecord {
  kind: NetworkKind;
  subnet: string[];
  gateway?: string[];
  exclude?: string[];
  reserve?: string[];
  mtu?: number;
  masquerade?: true;
  isolated?: true;
  inbound?: 'deny';
  ports?: 'isolated';
  parent?: string;
  mode?: 'private' | 'vepa';
  hostAddress?: string;
}

/** The record on the host's end of an endpoint. */
export interface EndpointRecord {
  network: string;
  address: string[];
  /** The name in /run/netns that was made for it. */
  name?: string;
  mac?: string;
  /** The name of the far end, where it is not eth0. */
  ifname?: string;
  /** The namespace was there before: detaching leaves it. */
  foreign?: true;
}

export function networkAlias(record: NetworkRecord): string {
  const alias = MARK + JSON.stringify(record);
  if (Buffer.byteLength(alias) <= MAX_ALIAS) return alias;
  throw new NetlinkError(
    `the network's settings take ${Buffer.byteLength(alias)} bytes, and the kernel keeps ${MAX_ALIAS} with a link: fewer subnets, exclusions or reservations`,
    { code: 'ERR_TOO_MANY_SETTINGS' },
  );
}

export function endpointAlias(record: EndpointRecord): string {
  const alias = MARK + JSON.stringify(record);
  if (Buffer.byteLength(alias) <= MAX_ALIAS) return alias;
  throw new NetlinkError(
    `the endpoint's record takes ${Buffer.byteLength(alias)} bytes, and the kernel keeps ${MAX_ALIAS} with a link: a shorter name`,
    { code: 'ERR_TOO_MANY_SETTINGS' },
  );
}

/** The record of an endpoint that is being taken away, with the name that goes with it. */
export function leavingAlias(name: string | undefined): string {
  return name === undefined ? LEAVING : `${LEAVING} ${name}`;
}

/** The name that was about to go with an endpoint. */
export function leavingName(alias: string | undefined): string | undefined {
  return alias?.startsWith(`${LEAVING} `) ? alias.slice(LEAVING.length + 1) : undefined;
}

/** The record in an alias, whatever it is of. */
export function readRecord(alias: string | undefined): Record<string, unknown> | undefined {
  if (alias === undefined || !alias.startsWith(`${MARK}{`)) return undefined;
  try {
    const value: unknown = JSON.parse(alias.slice(MARK.length));
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
const isOptional = (value: unknown, type: string): boolean =>
  value === undefined || typeof value === type;

/** Undefined where the link is no network's, or not written by us. */
export function readNetwork(alias: string | undefined): NetworkRecord | undefined {
  const record = readRecord(alias);
  return record !== undefined && isNetwork(record) ? record : undefined;
}

function isNetwork(
  record: Record<string, unknown>,
): record is Record<string, unknown> & NetworkRecord {
  return (
    isTexts(record.subnet) &&
    typeof record.kind === 'string' &&
    ['gateway', 'exclude', 'reserve'].every(
      (key) => record[key] === undefined || isTexts(record[key]),
    ) &&
    isOptional(record.mtu, 'number') &&
    ['parent', 'mode', 'hostAddress'].every((key) => isOptional(record[key], 'string'))
  );
}

/** Undefined where the endpoint is half made, half gone, or none. */
export function readEndpoint(alias: string | undefined): EndpointRecord | undefined {
  const record = readRecord(alias);
  return record !== undefined && isEndpoint(record) ? record : undefined;
}

function isEndpoint(
  record: Record<string, unknown>,
): record is Record<string, unknown> & EndpointRecord {
  return (
    typeof record.network === 'string' &&
    isTexts(record.address) &&
    ['name', 'mac', 'ifname'].every((key) => isOptional(record[key], 'string'))
  );
}
