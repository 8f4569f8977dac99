import { boolean, macAddress, object } from '../check.ts';
import { invalidValue, NetlinkError } from '../errors.ts';
import type { Tun } from '../netns/tun.ts';
import { link } from '../rtnetlink/link/api.ts';
import { planTun, type TunSpec } from '../tun/spec.ts';
import type { Course } from './course.ts';
import type { Host } from './host.ts';
import { placeOfLink } from './layout.ts';
import type { Settings } from './settings.ts';

/** A tap on the bridge, for a virtual machine. */
export interface TapOptions extends Omit<TunSpec, 'mode'> {
  /** The hardware address of the host's end; the kernel's choice unless given. */
  mac?: string;
  /** It reaches no other isolated port of the bridge. Unless given, as the network's `isolatePorts`. */
  isolated?: boolean;
}

/** A tap that is a port of a bridge. */
export class Tap {
  readonly name: string;
  readonly #tun: Tun;
  readonly #delete: () => Promise<void>;

  /** @internal */
  constructor(tun: Tun, remove: () => Promise<void>) {
    this.name = tun.name;
    this.#tun = tun;
    this.#delete = remove;
  }

  /** A descriptor for each queue: a read gives one Ethernet frame, a write sends one. Non-blocking. */
  get fds(): readonly number[] {
    return this.#tun.fds;
  }

  get fd(): number {
    return this.#tun.fd;
  }

  /** Gives the descriptors away: they are the caller's to close from now on. */
  releaseDescriptors(): readonly number[] {
    return this.#tun.release();
  }

  /** Closes the descriptors; the link goes with them unless it was made with `persist: true`. */
  close(): void {
    this.#tun.close();
  }

  /** Closes the descriptors and takes the link away, persistent or not; idempotent. */
  async delete(): Promise<void> {
    this.#tun.close();
    await this.#delete();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.delete();
  }
}

/** Makes a tap and puts it on the bridge; where a part fails, nothing of the rest stays. */
export async function addTap(
  host: Host,
  settings: Settings,
  options: TapOptions,
  course?: Course,
): Promise<Tap> {
  const { mac, isolated, ...rest } = object('tap', options) as TapOptions;
  const spec: TunSpec = { ...rest, mode: 'tap' };
  planTun(spec, 'tap');
  if (mac !== undefined) macAddress('tap.mac', mac);
  if (isolated !== undefined) boolean('tap.isolated', isolated);
  if (spec.name !== undefined && placeOfLink(settings.name, spec.name) !== undefined) {
    throw invalidValue('tap.name', spec.name, 'unlike the names of links of endpoints');
  }
  course?.begin();
  const tun = await host.ns.tun.add(spec);
  const { channel } = host.ns;
  const remove = async (): Promise<void> => {
    await channel.run(link.delete(tun.name)).catch((error) => {
      if (!(error instanceof NetlinkError) || error.code !== 'ENODEV') throw error;
    });
  };
  try {
    course?.check();
    const changes = { mtu: settings.mtu, addrGenMode: 'none' } as const;
    await channel.batch([
      link.set(tun.name, mac === undefined ? changes : { ...changes, address: mac }),
      link.set(tun.name, { master: settings.name, up: true }),
      ...((isolated ?? settings.isolatePorts)
        ? [link.set(tun.name, { port: { isolated: true } })]
        : []),
    ]);
    return new Tap(tun, remove);
  } catch (error) {
    tun.close();
    await remove().catch(() => undefined);
    throw error;
  }
}
