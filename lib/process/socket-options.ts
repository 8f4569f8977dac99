import type { PlanWriter } from '../netlink/plan.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

const ON = new Uint8Array([1, 0, 0, 0]);
const OFF = new Uint8Array(4);

/** As libuv sets it before it binds a TCP socket. */
export function reuseAddress(plan: PlanWriter, fd: number): void {
  plan.setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, ON);
}

export function v6Only(plan: PlanWriter, fd: number, only: boolean): void {
  plan.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, only ? ON : OFF);
}

export function bindToDevice(plan: PlanWriter, fd: number, dev: string): void {
  plan.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${dev}\0`));
}

/**
 * Splits 'fe80::1%eth0'. Node would look the link up among those of the process's own namespace,
 * so the socket is bound to the link instead, which for an address of one link is the same.
 */
export function splitZone(host: string): { address: string; dev: string | undefined } {
  const at = host.indexOf('%');
  return at < 0
    ? { address: host, dev: undefined }
    : { address: host.slice(0, at), dev: host.slice(at + 1) };
}
