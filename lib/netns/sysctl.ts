import { string } from '../check.ts';
import { invalidType, invalidValue } from '../errors.ts';
import type { CallOptions } from '../netlink/request.ts';
import { type Plan, run, runNow } from '../netlink/task.ts';
import type { Hold } from './hold.ts';

const KEY = /^net(\.[A-Za-z0-9_@:-]+|\/[^/\s]+)+$/;

/** A sysctl's value as the file takes it. */
export type SysctlValue = string | number | boolean;

/**
 * The sysctls of a namespace, 'net.ipv4.ip_forward' or 'net/ipv4/conf/eth0.10/forwarding' (with
 * slashes, where a name has a dot in it), as sysctl(8) reads them.
 */
export class Sysctl {
  readonly #hold: Hold;

  constructor(hold: Hold) {
    this.#hold = hold;
  }

  /** Reads a value, at once: the text of its file, without the newline. */
  get(key: string): string {
    return runNow(this.#reading(key));
  }

  async set(key: string, value: SysctlValue, options?: CallOptions): Promise<void> {
    return run(this.#writing(key, value), options);
  }

  setSync(key: string, value: SysctlValue): void {
    runNow(this.#writing(key, value));
  }

  #reading(key: string): Plan<string> {
    const path = sysctlPath(key);
    this.#hold.check('sysctl.get');
    let step = 0;
    return {
      operation: `sysctl.get ${key}`,
      netns: this.#hold.label,
      write: (plan) => {
        this.#hold.enter(plan);
        step = plan.steps;
        plan.read(path);
      },
      read: (made) => made.text(step).trimEnd(),
      explain: (errno) => explain(errno, key),
    };
  }

  #writing(key: string, value: SysctlValue): Plan<void> {
    const path = sysctlPath(key);
    const text = sysctlValue(value);
    this.#hold.check('sysctl.set');
    return {
      operation: `sysctl.set ${key}`,
      netns: this.#hold.label,
      write: (plan) => {
        this.#hold.enter(plan);
        plan.writeFile(path, text);
      },
      read() {},
      explain: (errno) => explain(errno, key),
    };
  }
}

const ENOENT = -2;
const EINVAL = -22;

function explain(errno: number, key: string): string | undefined {
  if (errno === ENOENT) return `there is no sysctl '${key}' in this namespace`;
  return errno === EINVAL ? 'the kernel does not take this value' : undefined;
}

/** The file of a sysctl. Only `net`: the others are not of a network namespace. */
export function sysctlPath(key: unknown): string {
  const name = string('key', key);
  const parts = name.includes('/') ? name.split('/') : name.split('.');
  if (!KEY.test(name) || parts.includes('..') || parts.includes('.')) {
    throw invalidValue('key', key, "a sysctl under 'net.', like 'net.ipv4.ip_forward'");
  }
  return `/proc/sys/${parts.join('/')}`;
}

export function sysctlValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'string') return value;
  if (typeof value !== 'number')
    throw invalidType('value', value, 'a number, a string or a boolean');
  if (!Number.isSafeInteger(value)) throw invalidValue('value', value, 'a whole number');
  return String(value);
}
