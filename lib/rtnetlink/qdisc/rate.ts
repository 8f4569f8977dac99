/**
 * The arithmetic of traffic control, as `tc` does it: rates become the time that sizes take, in the
 * kernel's ticks, and a table of 256 such times (linux/pkt_sched.h; iproute2 tc/tc_core.c).
 */

/**
 * Ticks in a microsecond: /proc/net/psched says 1000 and 64 (ns to ticks is a shift by 6) on every
 * kernel since 2.6.31, so that reading the file would only cost time.
 */
const TICKS_IN_MICROSECOND = 1000 / 64;

/** Timer frequency that `tc` takes from /proc/net/psched: high resolution timers count nanoseconds. */
const HZ = 1_000_000_000;

/** What a 32-bit rate holds; more goes into a second, 64-bit attribute, and this into the first. */
export const MAX_RATE32 = 0xffffffff;

/** How a link layer pads what it sends (TC_LINKLAYER_*). */
export const LINK_LAYERS = { unaware: 0, ethernet: 1, atm: 2 } as const;
export type LinkLayer = keyof typeof LINK_LAYERS;

/** struct tc_ratespec; `rate` in bytes a second. */
export interface RateSpec {
  cellLog: number;
  linkLayer: number;
  overhead: number;
  cellAlign: number;
  mpu: number;
  rate: number;
}

export function microsecondsToTicks(microseconds: number): number {
  return microseconds * TICKS_IN_MICROSECOND;
}

export function ticksToMicroseconds(ticks: number): number {
  return ticks / TICKS_IN_MICROSECOND;
}

/** The ticks that `size` bytes take at `rate` bytes a second. */
export function transmitTicks(rate: number, size: number): number {
  return Math.min(Math.ceil(microsecondsToTicks(1e6 * (size / rate))), 0xffffffff);
}

/** The bytes that pass in `ticks` at `rate` bytes a second: the burst that `tc` shows. */
export function transmitSize(rate: number, ticks: number): number {
  return Math.floor((rate * ticksToMicroseconds(ticks)) / 1e6);
}

/** A burst that is enough at this rate when none is asked for: what passes in a timer's period, and one packet. */
export function defaultBurst(rate: number, mtu: number): number {
  return Math.floor(rate / HZ) + mtu;
}

const ATM_CELL = 53;
const ATM_PAYLOAD = 48;

/** The bytes on the wire of a packet: the least size, and whole cells on ATM. */
function sizeOnWire(size: number, mpu: number, linkLayer: number): number {
  const padded = Math.max(size, mpu);
  return linkLayer === LINK_LAYERS.atm ? Math.ceil(padded / ATM_PAYLOAD) * ATM_CELL : padded;
}

/** The shift that makes 256 cells reach `mtu` bytes. */
export function cellLogFor(mtu: number): number {
  // 2047 is what tc assumes where no MTU is told.
  const largest = mtu === 0 ? 2047 : mtu;
  let log = 0;
  while (largest >>> log > 255) log++;
  return log;
}

/** What a rate needs beside itself; all sizes in bytes. */
export interface RateOptions {
  /** Added to every packet's size. */
  overhead?: number | undefined;
  /** The least size that a packet counts for. */
  mpu?: number | undefined;
  /** The largest packet that the table must cover. */
  mtu?: number | undefined;
  linkLayer?: LinkLayer | undefined;
  /** The table is of the whole rate, where it is over 32 bits. */
  exact?: boolean;
}

/** A rate as the kernel wants it told: the specification, and the 1024 bytes of its table. */
export function rateTable(
  rate: number,
  options: RateOptions,
): { spec: RateSpec; table: Uint8Array } {
  const linkLayer = LINK_LAYERS[options.linkLayer ?? 'ethernet'];
  const cellLog = cellLogFor(options.mtu ?? 0);
  const mpu = options.mpu ?? 0;
  const table = new Uint8Array(1024);
  const view = new DataView(table.buffer);
  // As tc does it, which tells police's tables from the others. Kernels since 3.8 use none of them.
  const shown = Math.min(rate, MAX_RATE32);
  const tabled = options.exact ? rate : shown;
  for (let cell = 0; cell < 256; cell++) {
    const size = sizeOnWire((cell + 1) << cellLog, mpu, linkLayer);
    view.setUint32(cell * 4, transmitTicks(tabled, size), true);
  }
  const spec = {
    cellLog,
    linkLayer,
    overhead: options.overhead ?? 0,
    cellAlign: -1,
    mpu,
    rate: shown,
  };
  return { spec, table };
}
