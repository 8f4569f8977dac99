import type { Host } from './host.ts';

let serial = 0;

/** A name that nothing in the benchmark's host has had yet. */
export function freshName(prefix = 'bench'): string {
  serial += 1;
  return `${prefix}-${serial}`;
}

/** The whole attach by `ip`, a process a command. */
export async function attachBySpawning(host: Host, name: string): Promise<void> {
  const address = `10.88.9.${(serial % 250) + 2}/16`;
  await host.spawnIp(`netns add ${name}`);
  await host.spawnIp(`link add ${name} master bench0 type veth peer name eth0 netns ${name}`);
  await host.spawnIp(`link set ${name} up`);
  await host.spawnIp(`-n ${name} link set lo up`);
  await host.spawnIp(`-n ${name} link set eth0 up`);
  await host.spawnIp(`-n ${name} address add ${address} dev eth0`);
  await host.spawnIp(`-n ${name} route add default via 10.88.0.1`);
}

/** The same by two `ip -batch`: one on the host, one inside. */
export async function attachByBatch(host: Host, name: string): Promise<void> {
  const address = `10.88.9.${(serial % 250) + 2}/16`;
  await host.batchIp([
    `netns add ${name}`,
    `link add ${name} master bench0 type veth peer name eth0 netns ${name}`,
    `link set ${name} up`,
  ]);
  await host.batchIp(
    [
      'link set lo up',
      'link set eth0 up',
      `address add ${address} dev eth0`,
      'route add default via 10.88.0.1',
    ],
    name,
  );
}

export async function removeByBatch(host: Host, names: readonly string[]): Promise<void> {
  await host.batchIp(names.flatMap((name) => [`link delete ${name}`, `netns delete ${name}`]));
}
