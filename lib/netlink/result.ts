/**
 * What a plan brings back: u32 count, that many {i32 slot, i32 descriptor}, then records
 * {u32 length, u16 step, u16 kind, u32 message, i32 extra, payload}, each a multiple of 4 long.
 */

/** Netlink messages as they came, one record for each message that got any. */
export const RECORD_REPLIES = 1;
/** The error of a message (`extra`): u32 offset of the attribute, the kernel's text. */
export const RECORD_ERROR = 2;
/** What a step read, `extra` bytes of it. */
export const RECORD_DATA = 3;
/** The kernel's warning about a message that succeeded. */
export const RECORD_NOTICE = 4;
/** The name of the system call that failed with `extra`, where it was not a message's own. */
export const RECORD_SYSCALL = 5;

/** Before a record's payload. */
export const RECORD_HEADER = 16;

/** How many slots a plan exports. */
export function exported(view: DataView): number {
  return view.getUint32(0, true);
}

/** Where the records begin. */
export function firstRecord(view: DataView): number {
  return 4 + exported(view) * 8;
}

/** The text in a record, which ends with a NUL. */
export function recordText(view: DataView, from: number, to: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + from, to - from);
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Where a step's last record of a kind begins; -1 where there is none. */
function recordOf(view: DataView, kind: number, step: number, length: number): number {
  let found = -1;
  for (let at = firstRecord(view); at < length; at += view.getUint32(at, true)) {
    if (view.getUint16(at + 6, true) === kind && view.getUint16(at + 4, true) === step) found = at;
  }
  return found;
}

/** The system call that a step failed in. */
export function syscallOf(view: DataView, step: number, length: number): string | undefined {
  const at = recordOf(view, RECORD_SYSCALL, step, length);
  return at < 0 ? undefined : recordText(view, at + RECORD_HEADER, at + view.getUint32(at, true));
}

/** What a step read: a view on it, empty where it read nothing. */
export function dataAt(view: DataView, step: number, length: number): Uint8Array {
  const at = recordOf(view, RECORD_DATA, step, length);
  if (at < 0) return new Uint8Array(0);
  return new Uint8Array(
    view.buffer,
    view.byteOffset + at + RECORD_HEADER,
    view.getInt32(at + 12, true),
  );
}
