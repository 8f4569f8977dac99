import { readIpv4, readIpv6 } from '../wire/addresses.ts';
import { Writer } from '../wire/writer.ts';

/** A query for addresses and its answer, as in RFC 1035 (and 3596 for AAAA). */

export const TYPE_A = 1;
export const TYPE_AAAA = 28;
export type QueryType = typeof TYPE_A | typeof TYPE_AAAA;

const TYPE_CNAME = 5;
const CLASS_IN = 1;
const FLAG_RECURSION_DESIRED = 0x0100;
const FLAG_RESPONSE = 0x8000;
const FLAG_TRUNCATED = 0x0200;
const HEADER = 12;
const MAX_LABEL = 63;
const MAX_NAME = 253;
/** A chain of pointers longer than any name can be is a loop. */
const MAX_POINTERS = 128;

/** What a server says. */
export interface Answer {
  id: number;
  /** RCODE: 0 no error, 2 server failure, 3 no such name. */
  status: number;
  /** The answer did not fit: ask again over TCP. */
  truncated: boolean;
  question: { name: string; type: number } | undefined;
  addresses: string[];
}

/** Whether a name can be asked for at all. */
export function isQueryable(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.');
  return (
    name.length <= MAX_NAME + 1 &&
    labels.every((label) => label.length > 0 && Buffer.byteLength(label) <= MAX_LABEL)
  );
}

export function writeQuery(id: number, name: string, type: QueryType): Uint8Array {
  const writer = new Writer();
  for (const field of [id, FLAG_RECURSION_DESIRED, 1, 0, 0, 0]) writer.be16(field);
  for (const label of name.replace(/\.$/, '').split('.')) {
    const bytes = Buffer.from(label);
    writer.u8(bytes.length);
    writer.raw(bytes);
  }
  writer.u8(0);
  writer.be16(type);
  writer.be16(CLASS_IN);
  return writer.bytes.slice(0, writer.length);
}

/** Reads an answer; undefined where the bytes are none. */
export function readAnswer(bytes: Uint8Array): Answer | undefined {
  try {
    return new Reader(bytes).answer();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Reading past the end is a RangeError of DataView's. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  answer(): Answer | undefined {
    const flags = this.#view.getUint16(2);
    if ((flags & FLAG_RESPONSE) === 0) return undefined;
    const questions = this.#view.getUint16(4);
    const answers = this.#view.getUint16(6);
    const answer: Answer = {
      id: this.#view.getUint16(0),
      status: flags & 0xf,
      truncated: (flags & FLAG_TRUNCATED) !== 0,
      question: undefined,
      addresses: [],
    };
    this.#at = HEADER;
    for (let i = 0; i < questions; i++) {
      const name = this.#name();
      answer.question ??= { name, type: this.#view.getUint16(this.#at) };
      this.#at += 4;
    }
    this.#records(answer, answers);
    return answer;
  }

  /** The addresses of the name asked for and of what it is an alias of. */
  #records(answer: Answer, count: number): void {
    const names = new Set([answer.question?.name ?? '']);
    for (let i = 0; i < count; i++) {
      const owner = this.#name();
      const type = this.#view.getUint16(this.#at);
      const length = this.#view.getUint16(this.#at + 8);
      this.#at += 10;
      const end = this.#at + length;
      if (end > this.#bytes.length) throw new RangeError('record');
      if (names.has(owner)) {
        if (type === TYPE_CNAME) names.add(this.#name());
        else if (type === answer.question?.type) this.#address(answer, type, length);
      }
      this.#at = end;
    }
  }

  #address(answer: Answer, type: number, length: number): void {
    if (type === TYPE_A && length === 4) answer.addresses.push(readIpv4(this.#bytes, this.#at));
    else if (type === TYPE_AAAA && length === 16) {
      answer.addresses.push(readIpv6(this.#view, this.#bytes, this.#at));
    }
  }

  #name(): string {
    const labels: string[] = [];
    let at = this.#at;
    let jumped = false;
    for (let pointers = 0; pointers <= MAX_POINTERS; ) {
      const length = this.#view.getUint8(at);
      if ((length & 0xc0) === 0xc0) {
        const target = this.#view.getUint16(at) & 0x3fff;
        if (!jumped) this.#at = at + 2;
        jumped = true;
        at = target;
        pointers++;
        continue;
      }
      at++;
      if (length === 0) {
        if (!jumped) this.#at = at;
        return labels.join('.').toLowerCase();
      }
      if (length > MAX_LABEL || at + length > this.#bytes.length) throw new RangeError('label');
      labels.push(
        Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + at, length).toString('latin1'),
      );
      at += length;
    }
    throw new RangeError('pointer');
  }
}
