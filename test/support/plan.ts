import { addon, type Outcome } from '../../lib/native.ts';
import type { Messages } from '../../lib/netlink/messages.ts';
import { PlanWriter } from '../../lib/netlink/plan.ts';
import {
  exported,
  firstRecord,
  RECORD_DATA,
  RECORD_ERROR,
  RECORD_HEADER,
  RECORD_SYSCALL,
  recordText,
} from '../../lib/netlink/result.ts';

export interface Record {
  step: number;
  kind: number;
  message: number;
  extra: number;
  payload: Uint8Array;
}

/** The error of one message, as the kernel told it. */
export interface MessageError {
  message: number;
  errno: number;
  offset: number;
  text: string;
}

/** A result, copied out of the shared bytes. */
export class Ran {
  readonly errno: number;
  readonly step: number;
  readonly message: number;
  readonly fds = new Map<number, number>();
  readonly records: Record[] = [];

  constructor(at: Outcome) {
    this.errno = at.errno;
    this.step = at.step;
    this.message = at.message;
    const bytes = at.result.slice(0, at.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < exported(view); i++) {
      this.fds.set(view.getInt32(4 + i * 8, true), view.getInt32(8 + i * 8, true));
    }
    for (let from = firstRecord(view), size = 0; from < at.length; from += size) {
      size = view.getUint32(from, true);
      this.records.push({
        step: view.getUint16(from + 4, true),
        kind: view.getUint16(from + 6, true),
        message: view.getUint32(from + 8, true),
        extra: view.getInt32(from + 12, true),
        payload: bytes.subarray(from + RECORD_HEADER, from + size),
      });
    }
  }

  fd(slot: number): number {
    return this.fds.get(slot) ?? -1;
  }

  of(kind: number): Record[] {
    return this.records.filter((record) => record.kind === kind);
  }

  data(step: number): Uint8Array {
    const found = this.of(RECORD_DATA).find((record) => record.step === step);
    if (found === undefined) throw new Error(`step ${step} read nothing`);
    return found.payload.slice(0, found.extra);
  }

  u32(step: number): number {
    return new DataView(this.data(step).buffer).getUint32(0, true);
  }

  u64(step: number): bigint {
    return new DataView(this.data(step).buffer).getBigUint64(0, true);
  }

  /** The last system call that failed. */
  get syscall(): string | undefined {
    const found = this.of(RECORD_SYSCALL).at(-1);
    if (found === undefined) return undefined;
    const view = new DataView(found.payload.buffer, found.payload.byteOffset, found.payload.length);
    return recordText(view, 0, found.payload.length);
  }

  get errors(): MessageError[] {
    return this.of(RECORD_ERROR).map(({ message, extra, payload }) => {
      const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
      return {
        message,
        errno: extra,
        offset: view.getUint32(0, true),
        text: recordText(view, 4, payload.length),
      };
    });
  }
}

type Waiting = (at: Outcome) => void;
const waiting = new Map<number, Waiting>();
let started = false;

/** Makes this module the one that results are delivered to: not beside the library's own. */
export function start(): void {
  if (started) return;
  started = true;
  addon.start((ticket, errno, step, message, result, length) => {
    const resolve = waiting.get(ticket);
    waiting.delete(ticket);
    resolve?.({ errno, step, message, result, length });
  });
}

/** Submits raw bytes. */
export function submitBytes(
  bytes: Uint8Array,
  length: number,
): { ticket: number; done: Promise<Ran> } {
  start();
  const ticket = addon.submit(bytes, length);
  const done = new Promise<Ran>((resolve) => waiting.set(ticket, (at) => resolve(new Ran(at))));
  return { ticket, done };
}

const writer = new PlanWriter();

function written(write: (plan: PlanWriter) => void): PlanWriter {
  writer.reset();
  write(writer);
  return writer;
}

export function submitPlan(write: (plan: PlanWriter) => void): {
  ticket: number;
  done: Promise<Ran>;
} {
  const plan = written(write);
  return submitBytes(plan.bytes, plan.finish());
}

export function runPlan(write: (plan: PlanWriter) => void): Promise<Ran> {
  return submitPlan(write).done;
}

export function runPlanSync(write: (plan: PlanWriter) => void): Ran {
  start();
  const plan = written(write);
  return new Ran(addon.runSync(plan.bytes, plan.finish()));
}

export function runPlanHere(write: (plan: PlanWriter) => void): Ran {
  start();
  const plan = written(write);
  return new Ran(addon.transactSync(plan.bytes, plan.finish()));
}

/** The plan's own bytes. */
export function planBytes(write: (plan: PlanWriter) => void): Uint8Array {
  const plan = written(write);
  return plan.bytes.slice(0, plan.finish());
}

export const AF_NETLINK = 16;
export const SOCK_RAW = 3;

/** Makes a namespace with a netlink socket inside; both are the caller's to close. */
export async function namespace(
  protocol = 0,
  receiveBuffer = 0,
): Promise<{ ns: number; socket: number }> {
  const ran = await runPlan((plan) => {
    const ns = plan.slot();
    const socket = plan.slot();
    plan.unshare(ns);
    plan.socket(socket, AF_NETLINK, SOCK_RAW, protocol, receiveBuffer);
    plan.export(ns);
    plan.export(socket);
  });
  if (ran.errno !== 0) throw new Error(`no namespace: ${ran.errno} ${ran.syscall}`);
  return { ns: ran.fd(0), socket: ran.fd(1) };
}

export type { Messages };
