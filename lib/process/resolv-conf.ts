import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

/** What resolv.conf(5) says, with its defaults. */
export interface ResolvConf {
  /** Addresses of name servers, an IPv6 one with its '%link' where it has one. */
  servers: string[];
  search: string[];
  ndots: number;
  /** Seconds. */
  timeout: number;
  attempts: number;
  rotate: boolean;
}

const MAX_SERVERS = 3;

export function parseResolvConf(text: string): ResolvConf {
  const conf: ResolvConf = {
    servers: [],
    search: [],
    ndots: 1,
    timeout: 5,
    attempts: 2,
    rotate: false,
  };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values.length > 0) addServer(conf, values[0]);
    // The last of either counts.
    else if (keyword === 'search') conf.search = values;
    else if (keyword === 'domain') conf.search = values.slice(0, 1);
    else if (keyword === 'options') for (const option of values) applyOption(conf, option);
  }
  if (conf.servers.length === 0) conf.servers.push('127.0.0.1', '::1');
  return conf;
}

function addServer(conf: ResolvConf, address: string): void {
  if (conf.servers.length < MAX_SERVERS && isIP(address) !== 0) conf.servers.push(address);
}

function applyOption(conf: ResolvConf, option: string): void {
  const [, name, digits] = /^([a-z-]+)(?::(\d+))?$/.exec(option) ?? [];
  const value = Number(digits);
  if (name === 'rotate') conf.rotate = true;
  else if (digits === undefined) return;
  else if (name === 'ndots') conf.ndots = Math.min(value, 15);
  else if (name === 'timeout') conf.timeout = Math.min(Math.max(value, 1), 30);
  else if (name === 'attempts') conf.attempts = Math.min(Math.max(value, 1), 5);
}

/** Names and their addresses, in the order of the file: hosts(5). */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
}

interface Cached<T> {
  stamp: string;
  value: T;
}

const cache = new Map<string, Cached<unknown>>();

/** Reads and parses a file again only when it has changed. */
function parsed<T>(path: string, parse: (text: string) => T): T {
  const found = statSync(path, { throwIfNoEntry: false });
  const stamp = found === undefined ? '' : `${found.ino} ${found.mtimeMs} ${found.size}`;
  const known = cache.get(path) as Cached<T> | undefined;
  if (known?.stamp === stamp) return known.value;
  const value = parse(found === undefined ? '' : readFileSync(path, 'utf8'));
  cache.set(path, { stamp, value });
  return value;
}

/** The file of /etc as a process sees it in the namespace: /etc/netns/NAME comes before /etc. */
function fileFor(name: string | undefined, file: string): string {
  if (name === undefined) return `/etc/${file}`;
  const own = `/etc/netns/${name}/${file}`;
  return statSync(own, { throwIfNoEntry: false }) === undefined ? `/etc/${file}` : own;
}

/** @param name the namespace's name, if it has one */
export function resolvConfOf(name: string | undefined): ResolvConf {
  return parsed(fileFor(name, 'resolv.conf'), parseResolvConf);
}

/** @param name the namespace's name, if it has one */
export function hostsOf(name: string | undefined): Map<string, string[]> {
  return parsed(fileFor(name, 'hosts'), parseHosts);
}
