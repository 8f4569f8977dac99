import { isIPv6 } from 'node:net';
import { readIpv4, readIpv6, writeIp } from '../wire/addresses.ts';
import { Writer } from '../wire/writer.ts';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** What sun_path holds beside the NUL that ends a path. */
export const MAX_UNIX_PATH = 107;

/** The family of an address. */
export function familyOf(address: string): number {
  return isIPv6(address) ? AF_INET6 : AF_INET;
}

/** An IP address and a port as bind(2), connect(2) and sendto(2) take them. */
export function inetAddress(address: string, port: number): Uint8Array {
  const family = familyOf(address);
  const writer = new Writer();
  writer.u16(family);
  writer.be16(port);
  if (family === AF_INET6) writer.u32(0); // sin6_flowinfo
  writeIp(writer, address);
  writer.u32(0); // sin6_scope_id, or half of sin_zero
  if (family === AF_INET) writer.u32(0);
  return writer.bytes.slice(0, writer.length);
}

/** A Unix socket's address; a leading NUL makes it an abstract one, which is its namespace's own. */
export function unixAddress(path: string): Uint8Array {
  const writer = new Writer();
  writer.u16(AF_UNIX);
  writer.raw(Buffer.from(path.startsWith('\0') ? path : `${path}\0`));
  return writer.bytes.slice(0, writer.length);
}

/** The address in a sockaddr that the kernel has written. */
export function addressIn(sockaddr: Uint8Array): string {
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset, sockaddr.length);
  return view.getUint16(0, true) === AF_INET ? readIpv4(sockaddr, 4) : readIpv6(view, sockaddr, 8);
}
