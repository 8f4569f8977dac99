import { Messages } from '../../../lib/netlink/messages.ts';
import type { Request } from '../../../lib/netlink/request.ts';

/** The messages that a request writes, without their netlink headers. */
export function bodies(request: Request<unknown>): Uint8Array[] {
  return written(request).map((message) => message.subarray(16));
}

/** The messages that a request writes. */
export function written(request: Request<unknown>): Uint8Array[] {
  const messages = new Messages();
  messages.reset();
  request.write(messages);
  return Array.from({ length: messages.count }, (_, i) => {
    const from = messages.offsets[i];
    const length = messages.writer.view.getUint32(from, true);
    return messages.writer.bytes.slice(from, from + length);
  });
}

export interface RawAttribute {
  type: number;
  payload: Uint8Array;
}

/** Attributes one after the other, read without the library's schemas. */
export function attributes(bytes: Uint8Array): RawAttribute[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: RawAttribute[] = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length)
      throw new Error(`attribute of ${length} bytes at ${at}`);
    // Flags say how a payload is to be read, not what it is.
    found.push({
      type: view.getUint16(at + 2, true) & 0x3fff,
      payload: bytes.subarray(at + 4, at + length),
    });
    at += (length + 3) & ~3;
  }
  return found;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** Which attributes hold attributes: by number (or '*' for any), what is inside by number again. */
export interface Nests {
  [type: number]: Nests;
  '*'?: Nests;
}

/**
 * Attributes as text, sorted by number at every level: the order of attributes means nothing but
 * among those of one number, and flags of a type are left aside.
 */
export function canonical(bytes: Uint8Array, nests: Nests = {}): string[] {
  return attributes(bytes)
    .map(({ type, payload }, place) => ({ type, payload, place }))
    .sort((a, b) => a.type - b.type || a.place - b.place)
    .flatMap(({ type, payload }) => {
      const nest = nests[type] ?? nests['*'];
      if (nest === undefined) return [`${type}=${hex(payload)}`];
      return canonical(payload, nest).map((inner) => `${type}.${inner}`);
    });
}

/** The payload of the first attribute at a path of numbers, or nothing. */
export function inside(bytes: Uint8Array, ...path: number[]): Uint8Array | undefined {
  let payload: Uint8Array | undefined = bytes;
  for (const type of path)
    payload = payload && attributes(payload).find((one) => one.type === type)?.payload;
  return payload;
}
