import { readdirSync, readFileSync } from 'node:fs';
import { invalidType, invalidValue, outOfRange } from '../errors.ts';

/** Where iproute2 looks, the administrator's files before the distribution's. */
const DIRECTORIES = ['/etc/iproute2', '/usr/share/iproute2', '/usr/lib/iproute2'];

/**
 * Numbers with names, as iproute2's files give them (`rt_tables` and its like). Read when a name is
 * first asked for, so that a program that uses numbers reads nothing.
 */
export class NameFile {
  readonly #file: string;
  readonly #what: string;
  readonly #max: number;
  readonly #builtIn: Readonly<Record<string, number>>;
  #numbers: Map<string, number> | undefined;
  #names: Map<number, string> | undefined;

  constructor(file: string, what: string, max: number, builtIn: Readonly<Record<string, number>>) {
    this.#file = file;
    this.#what = what;
    this.#max = max;
    this.#builtIn = builtIn;
  }

  /** The number of a name; a number is checked and returned. `path` names the argument in errors. */
  number(path: string, value: string | number): number {
    if (typeof value === 'number') {
      if (Number.isInteger(value) && value >= 0 && value <= this.#max) return value;
      throw outOfRange(path, value, `a whole number from 0 to ${this.#max}`);
    }
    const allowed = `${this.#what}: a number, or a name of /etc/iproute2/${this.#file}`;
    if (typeof value !== 'string') throw invalidType(path, value, allowed);
    const builtIn = Object.hasOwn(this.#builtIn, value) ? this.#builtIn[value] : undefined;
    const number = builtIn ?? this.#load().get(value);
    if (number !== undefined) return number;
    if (/^(0x[0-9a-f]+|\d+)$/i.test(value)) return this.number(path, Number(value));
    throw invalidValue(path, value, allowed);
  }

  /** The name of a number, where there is one. */
  name(number: number): string | undefined {
    this.#load();
    return this.#names?.get(number);
  }

  /** The name of a number, or the number itself. */
  nameOrNumber(number: number): string | number {
    return this.name(number) ?? number;
  }

  #load(): Map<string, number> {
    if (this.#numbers !== undefined) return this.#numbers;
    const numbers = new Map<string, number>();
    const names = new Map<number, string>();
    const add = (name: string, number: number) => {
      if (!numbers.has(name)) numbers.set(name, number);
      if (!names.has(number)) names.set(number, name);
    };
    for (const directory of DIRECTORIES) {
      for (const path of [
        `${directory}/${this.#file}`,
        ...dropIns(`${directory}/${this.#file}.d`),
      ]) {
        for (const [number, name] of readPairs(path)) if (number <= this.#max) add(name, number);
      }
    }
    for (const [name, number] of Object.entries(this.#builtIn)) add(name, number);
    this.#numbers = numbers;
    this.#names = names;
    return numbers;
  }

  /** Forgets what was read: the next name reads the files again. */
  reload(): void {
    this.#numbers = undefined;
    this.#names = undefined;
  }
}

function dropIns(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((file) => file.endsWith('.conf') && !file.startsWith('.'))
      .sort()
      .map((file) => `${directory}/${file}`);
  } catch {
    return [];
  }
}

function* readPairs(path: string): Generator<[number, string]> {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    // No such file, as on a machine without iproute2: the built-in names are what there is.
    return;
  }
  for (const line of content.split('\n')) {
    const match = /^\s*(0x[0-9a-f]+|\d+)\s+([^\s#]+)/i.exec(line);
    if (match !== null) yield [Number(match[1]), match[2]];
  }
}

/** Routing tables: RT_TABLE_*. */
export const routeTables = new NameFile('rt_tables', 'a routing table', 0xffff_ffff, {
  unspec: 0,
  default: 253,
  main: 254,
  local: 255,
});

/** Who made a route, rule, address or neighbour: RTPROT_*. */
export const routeProtocols = new NameFile('rt_protos', 'a protocol', 255, {
  unspec: 0,
  redirect: 1,
  kernel: 2,
  boot: 3,
  static: 4,
  gated: 8,
  ra: 9,
  mrt: 10,
  zebra: 11,
  bird: 12,
  dnrouted: 13,
  xorp: 14,
  ntk: 15,
  dhcp: 16,
  mrouted: 17,
  keepalived: 18,
  babel: 42,
  ovn: 84,
  openr: 99,
  bgp: 186,
  isis: 187,
  ospf: 188,
  rip: 189,
  eigrp: 192,
});

/** How far a destination is: RT_SCOPE_*. */
export const routeScopes = new NameFile('rt_scopes', 'a scope', 255, {
  global: 0,
  site: 200,
  link: 253,
  host: 254,
  nowhere: 255,
});

export const linkGroups = new NameFile('group', 'a link group', 0xffff_ffff, { default: 0 });

/** Realms of routes, for accounting. */
export const routeRealms = new NameFile('rt_realms', 'a realm', 0xffff, { cosmos: 0 });

/** IPv4's TOS and DSCP names. */
export const dsFields = new NameFile('rt_dsfield', 'a TOS value', 255, {});
